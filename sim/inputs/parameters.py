"""How a scenario declares its parameters: unit, sentence, source and confidence, read by ``simhlm describe``."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

HYPOTHESIS = "hypothèse"


def parameter(
    default: Any, *, unit: str, doc: str, source: str = HYPOTHESIS, confidence: str = "C", **limits: Any
) -> Any:
    """Declare one parameter with its unit, sentence, source and confidence (A, B or C)."""
    extra: dict[str, Any] = {"unit": unit, "source": source, "confidence": confidence}
    return Field(default=default, description=doc, json_schema_extra=extra, **limits)


def technical(default: Any, *, doc: str, **limits: Any) -> Any:
    """Declare a setting that is no statement about the world (seed, dates, names)."""
    return Field(default=default, description=doc, **limits)


class Strict(BaseModel):
    """Unknown keys are refused, values are not coerced, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
