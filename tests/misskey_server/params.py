# SPDX-License-Identifier: MIT
"""Checks a call's parameters, and words the first problem as either version does.

11 validates with cafy, parameter by parameter; from 12 on ajv looks for missing ones first.
"""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Param:
    """One parameter: a string, or with `array` an array of strings without duplicates."""

    name: str
    array: bool = False
    required: bool = True
    nullable: bool = False


@dataclass(frozen=True)
class Problem:
    """Why a parameter was refused; `earlier` and `later` are the indices of a duplicate."""

    param: str
    what: str  # "missing", "null", "type", "item" or "duplicate"
    array: bool = False
    earlier: int = 0
    later: int = 0


def problem_with(param: Param, body: dict) -> Optional[Problem]:
    """What is wrong with one parameter of a body; None if nothing is."""
    if param.name not in body:
        return Problem(param.name, "missing", param.array) if param.required else None
    value = body[param.name]
    if value is None:
        return None if param.nullable else Problem(param.name, "null", param.array)
    if not param.array:
        return None if isinstance(value, str) else Problem(param.name, "type")
    if not isinstance(value, list):
        return Problem(param.name, "type", True)
    for index, item in enumerate(value):
        if not isinstance(item, str):
            return Problem(param.name, "item", True, index)
    seen = {}
    for index in reversed(range(len(value))):  # ajv's order, visible in its wording
        if value[index] in seen:
            return Problem(param.name, "duplicate", True, index, seen[value[index]])
        seen[value[index]] = index
    return None


def cafy_info(params: tuple, body) -> Optional[dict]:
    """11's `info` for the first parameter that is wrong; None if all are right."""
    fields = body if isinstance(body, dict) else {}
    for param in params:
        problem = problem_with(param, fields)
        if problem:
            reason = {
                "missing": "must-be-not-undefined",
                "null": "must-be-not-null",
                "type": "must-be-an-array" if problem.array else "must-be-a-string",
                "item": "must-be-a-string",
                "duplicate": "must-be-unique",
            }[problem.what]
            return {"param": problem.param, "reason": reason}
    return None


def ajv_info(params: tuple, body) -> Optional[dict]:
    """The `info` of 12 and later: the schema's path and ajv's message."""
    if not isinstance(body, dict):
        return {"param": "#/type", "reason": "must be object"}
    problems = [problem for problem in (problem_with(param, body) for param in params) if problem]
    missing = next((problem for problem in problems if problem.what == "missing"), None)
    if missing:
        return {"param": "#/required", "reason": f"must have required property '{missing.param}'"}
    if not problems:
        return None
    problem = problems[0]
    path = f"#/properties/{problem.param}"
    if problem.what == "duplicate":
        items = f"items ## {problem.later} and {problem.earlier} are identical"
        return {"param": f"{path}/uniqueItems", "reason": f"must NOT have duplicate items ({items})"}
    if problem.what == "item":
        return {"param": f"{path}/items/type", "reason": "must be string"}
    return {"param": f"{path}/type", "reason": "must be array" if problem.array else "must be string"}
