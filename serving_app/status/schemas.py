"""What the health and readiness routes answer."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class ReadyAnswer(BaseModel):
    """What is being served, and by which build."""

    status: Literal["ready", "degraded"] = Field(
        description="degraded: lists are served, and `problems` says what is wrong"
    )
    problems: list[str] = Field(description="empty when all is well")
    build: str
    model_version: str
    snapshot: str
    landing_date: str
    published_at: datetime
    age_seconds: float
    n_unlogged: int = Field(description="lists that this worker served and could not log, since it started")


class HealthAnswer(BaseModel):
    """The process answers."""

    status: Literal["ok"]
