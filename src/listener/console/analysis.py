"""The section `Analysis`: each report with the picture that answers its question, down to the cases of a cause."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from listener.console import charts
from listener.console.case_acts import Once, is_token, new_token, sent_as
from listener.console.charts import CurveOf, FixMark, Picture, Week
from listener.console.figures import (
    FILTERS,
    NO_CAUSE,
    Figures,
    Row,
    as_csv,
    cause_name,
    meaning_of,
    number,
    people,
    percent,
    picked,
    readable,
    rows_of,
    table,
    values_of,
)
from listener.console.pages import page
from listener.console.period import Period, choices, end_of, moment_of, period_of
from listener.console.questions import QUESTIONS
from listener.console.roles import STAFF
from listener.console.section import Section
from listener.domain.errors import UsageError

NAME = "analysis"
REPORTS_PATH = f"/{NAME}/reports"
CAUSES_PATH = f"/{NAME}/causes"
MOST_WORDS = 2000
_FIX = re.compile(r"[0-9a-f]{1,64}")
EVERYTHING_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


class Reports(Protocol):
    """What the pages read; all may block, and raise `ServiceError` where ClickHouse does not answer."""

    def heard(self) -> tuple[datetime, datetime] | None:
        """When the first and the last contact was said; None where there is none."""
        ...

    def answer(self, name: str, period: Period) -> Figures:
        """The report of this name, the same as `listener report`."""
        ...

    def weeks(self, period: Period) -> Sequence[Week]:
        """Root causes week by week."""
        ...

    def curves(self, period: Period) -> Sequence[CurveOf]:
        """How many have an answer after how long, by channel."""
        ...

    def cause_names(self) -> Mapping[str, str]:
        """Root cause to what people call it."""
        ...


Declare = Callable[[str, datetime | None, str, str], str]
"""Root cause, from when on it should work, by whom, what was done; gives the fix's id. Raises `UsageError`."""


@dataclass(frozen=True)
class _Picked:
    """Figures of which a person picked rows."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    words: Sequence[str]


@dataclass(frozen=True)
class Filter:
    """What rows can be picked by."""

    name: str
    heading: str
    values: Sequence[str]
    chosen: str


def analysis_section(reports: Reports, declare: Declare, now: Callable[[], datetime]) -> Section:
    """The section.

    Args:
        declare: what `listener fix declare` does.
        now: the installation's time.
    """
    pages = _Pages(reports, declare, now)
    return Section(
        NAME,
        "Analysis",
        [
            Route(f"/{NAME}", pages.overview),
            Route(f"{REPORTS_PATH}/{{name}}.csv", pages.csv),
            Route(f"{REPORTS_PATH}/{{name}}", pages.report),
            Route(f"{CAUSES_PATH}/{{cause}}", pages.cause),
            Route(f"{CAUSES_PATH}/{{cause}}/fixes", pages.declare_fix, methods=["POST"]),
        ],
        STAFF,
    )


class _Pages:
    def __init__(self, reports: Reports, declare: Declare, now: Callable[[], datetime]) -> None:
        self._reports = reports
        self._declare = declare
        self._now = now
        self._once = Once()

    def overview(self, request: Request) -> Response:
        """Our worst problem, who owns it, whether the fix worked."""
        heard, period = self._period(request)
        names = self._reports.cause_names()
        causes = self._reports.answer("root-causes", period)
        everything = self._everything(heard)
        fixes = rows_of(self._reports.answer("fixes", everything))
        known = [row for row in rows_of(causes) if row["cause"] != NO_CAUSE and row["parties"]]
        worst = known[0] if known else None
        return page(
            request,
            "analysis/overview.html",
            **self._about(heard, period, f"/{NAME}"),
            worst=worst,
            worst_words=_worst_words(worst, names, _heard_before(heard, period)) if worst else {},
            worst_address=cause_address(worst["cause"], period) if worst else "",
            cases_address=cases_address(worst["cause"]) if worst else "",
            worst_fixes=[row for row in fixes if worst and row["root_cause"] == worst["cause"]],
            fixes=[_fix_words(row, names, period) for row in reversed(fixes)],
            fixes_address=report_address("fixes", everything),
            pictures=_shown(charts.causes_ranked(causes, names, lambda cause: cause_address(cause, period))),
            questions=[(name, asked, report_address(name, period)) for name, asked in QUESTIONS.items()],
        )

    def report(self, request: Request) -> Response:
        """One report: its picture, its words, its table."""
        name = _known(request)
        heard, period = self._period(request)
        names = self._reports.cause_names()
        whole = self._reports.answer(name, period)
        filters = list(_filters(name, whole, request.query_params))
        wanted = {one.name: one.chosen for one in filters if one.chosen}
        figures = _Picked(whole.columns, picked(whole, wanted), whole.words) if wanted else whole

        def link(column: str, row: Row) -> str:
            return _link(column, row, period)

        return page(
            request,
            "analysis/report.html",
            **self._about(heard, period, f"{REPORTS_PATH}/{name}", wanted),
            name=name,
            question=QUESTIONS[name],
            filters=filters,
            pictures=_shown(self._pictures(name, figures, names, period)),
            table=table(name, figures.columns, figures.rows, names, link),
            words=whole.words,
            sql=[period.select(view) for view in QUESTIONS[name].views],
            command=f"listener report {name} {period.options}",
            csv_address=f"{REPORTS_PATH}/{name}.csv?{urlencode(period.query | wanted)}",
            others=[
                (other, asked, report_address(other, period))
                for other, asked in QUESTIONS.items()
                if other != name
            ],
        )

    def csv(self, request: Request) -> Response:
        """The same rows as the page shows."""
        name = _known(request)
        _, period = self._period(request)
        whole = self._reports.answer(name, period)
        wanted = {one.name: one.chosen for one in _filters(name, whole, request.query_params) if one.chosen}
        text = as_csv(_Picked(whole.columns, picked(whole, wanted), whole.words))
        file = f"{name}_{'_'.join(moment[:10] for moment in period.query.values())}.csv"
        return Response(
            text, media_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{file}"'}
        )

    def cause(self, request: Request) -> Response:
        """One root cause: how many, how it went on, who owns it, whether its fix worked, its cases."""
        return self._cause(request, request.path_params["cause"])

    def declare_fix(self, request: Request) -> Response:
        """A person says that a cause was fixed."""
        cause, person, form = request.path_params["cause"], request.state.person, request.state.form
        if not person.may("analyse"):
            raise HTTPException(
                403, f"The role {person.role} declares no fixes: an analyst or an admin does."
            )
        description, day = str(form.get("description", "")).strip(), str(form.get("at", "")).strip()
        try:
            at = moment_of(form, "at") or self._sent_at(form, cause, description)
            fix = self._declare(cause, at, person.name, _checked(description))
        except UsageError as error:
            return self._cause(
                request, cause, problem=str(error), typed={"description": description, "at": day}
            )
        query = {key: str(form[key]) for key in ("since", "until") if form.get(key)}
        return RedirectResponse(f"{CAUSES_PATH}/{quote(cause)}?{urlencode(query | {'declared': fix})}", 303)

    def _sent_at(self, form: Mapping[str, Any], cause: str, description: str) -> datetime | None:
        """When this form was sent first: sent again, it is the same fix, not one of a second later."""
        token = str(form.get("token", ""))
        if not is_token(token):
            return None
        return self._once.first_sent(sent_as(token, {"cause": cause, "": description}), self._now())

    def _cause(
        self, request: Request, cause: str, problem: str = "", typed: Mapping[str, str] | None = None
    ) -> Response:
        heard, period = self._period(request)
        names = self._reports.cause_names()
        causes = self._reports.answer("root-causes", period)
        row = next((row for row in rows_of(causes) if row["cause"] == cause), None)
        if row is None and cause not in names:
            raise HTTPException(404, f"No root cause is called {cause}.")
        answered = self._reports.answer("fixes", self._everything(heard))
        fixes = [one for one in rows_of(answered) if one["root_cause"] == cause]
        marks = [FixMark(cause, one["effective_at"], f"fix: {one['verdict']}") for one in fixes]
        says = _course_words(row, _heard_before(heard, period)) if row else ""
        weeks = self._reports.weeks(period)
        return page(
            request,
            "analysis/cause.html",
            422 if problem else 200,
            **self._about(heard, period, f"{CAUSES_PATH}/{quote(cause)}"),
            cause=cause,
            called=cause_name(cause, names),
            row=row,
            shown={column: readable(row[column], meaning_of("root-causes", column).unit) for column in row}
            if row
            else {},
            fixes=[_fix_words(one, names, period) for one in fixes],
            sentences=[words for words in answered.words if any(one["fix_id"] in words for one in fixes)],
            pictures=_shown(charts.course(weeks, cause, marks, names, says)),
            cases_address=cases_address(cause),
            sql=[period.select("cases_of_cause", cause=cause)],
            may_declare=request.state.person.may("analyse") and cause != NO_CAUSE,
            declared=fix if _FIX.fullmatch(fix := request.query_params.get("declared", "")) else "",
            problem=problem,
            typed=typed or {"description": "", "at": ""},
            token=new_token(),
            most_words=MOST_WORDS,
        )

    def _period(self, request: Request) -> tuple[tuple[datetime, datetime] | None, Period]:
        heard = self._reports.heard()
        asked = request.state.form if request.method == "POST" else request.query_params
        return heard, period_of(asked, heard, self._now())

    def _everything(self, heard: tuple[datetime, datetime] | None) -> Period:
        """All that was heard: a fix is judged by all days."""
        now = self._now()
        since = (
            EVERYTHING_SINCE if heard is None else heard[0].replace(hour=0, minute=0, second=0, microsecond=0)
        )
        return Period(min(since, now), end_of(heard, now))

    def _about(
        self,
        heard: tuple[datetime, datetime] | None,
        period: Period,
        path: str,
        wanted: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """What every page of the section shows of its time."""
        chosen = dict(wanted or {})
        return {
            "heard": heard,
            "period": period,
            "path": path,
            "choices": [
                (one.label, f"{path}?{urlencode(one.period.query | chosen)}", one.chosen)
                for one in choices(period, heard, self._now())
            ],
            "address": f"{path}?{urlencode(period.query | chosen)}",
        }

    def _pictures(
        self, name: str, figures: Figures, names: Mapping[str, str], period: Period
    ) -> list[Picture]:
        def link(cause: str) -> str:
            return cause_address(cause, period)

        match name:
            case "root-causes":
                ranked = charts.causes_ranked(figures, names, link)
                return [
                    *ranked,
                    *(charts.trends(self._reports.weeks(period), figures, names) if ranked else ()),
                ]
            case "loudness":
                return charts.people_beside_noise(figures, names)
            case "channels":
                there = {(row["channel"], row["visibility"]) for row in rows_of(figures)}
                curves = [
                    one for one in self._reports.curves(period) if (one.channel, one.visibility) in there
                ]
                return charts.answer_curves(curves, figures)
            case "what-we-teach":
                return charts.habits(figures)
            case "black-holes":
                return charts.vanished(figures)
            case "deadlines":
                return charts.kept(figures)
            case "escalations":
                return charts.went_public(figures, names, link)
            case "fairness":
                return charts.treated(figures)
            case "executives":
                return charts.executives_load(figures, names, link)
            case "goodwill":
                return charts.given(figures, names)
            case "fixes":
                return [*charts.verdicts(figures, names), *self._courses(figures, names, period)]
            case _:
                return charts.outcomes_apart(figures)

    def _courses(self, figures: Figures, names: Mapping[str, str], period: Period) -> Iterator[Picture]:
        """Each cause with a fix, before and after it."""
        rows = rows_of(figures)
        weeks = self._reports.weeks(period) if rows else []
        for cause in dict.fromkeys(row["root_cause"] for row in rows):
            of_cause = [row for row in rows if row["root_cause"] == cause]
            marks = [FixMark(cause, row["effective_at"], f"fix: {row['verdict']}") for row in of_cause]
            says = f"{cause_name(cause, names)}: {of_cause[-1]['verdict']}, {_ratio_words(of_cause[-1])}."
            yield from charts.course(weeks, cause, marks, names, says)


def report_address(name: str, period: Period) -> str:
    """Where a report stands."""
    return f"{REPORTS_PATH}/{name}?{urlencode(period.query)}"


def cause_address(cause: str, period: Period) -> str:
    """Where a root cause stands."""
    return f"{CAUSES_PATH}/{quote(cause)}?{urlencode(period.query)}"


def cases_address(cause: str) -> str:
    """Where all cases of a root cause stand, whatever became of them."""
    return f"/cases?{urlencode({'cause': cause, 'status': 'any', 'historical': '1'})}"


def _known(request: Request) -> str:
    name: str = request.path_params["name"]
    if name not in QUESTIONS:
        raise HTTPException(404, f"There is no report {name}: one of {', '.join(QUESTIONS)}.")
    return name


def _filters(name: str, figures: Figures, query: Mapping[str, str]) -> Iterator[Filter]:
    for column in FILTERS.get(name, ()):
        values, chosen = values_of(figures, column), query.get(column, "")
        if len(values) > 1 or chosen:
            yield Filter(column, meaning_of(name, column).heading, values, chosen)


def _link(column: str, row: Row, period: Period) -> str:
    """Where a figure leads: a cause to its page, its cases to the list of them."""
    cause = row.get("cause", row.get("root_cause"))
    if cause in (None, "", NO_CAUSE):
        return ""
    if column in ("cause", "root_cause"):
        return cause_address(str(cause), period)
    return cases_address(str(cause)) if column == "cases" else ""


def _shown(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    return [{"says": one.says, "axis": one.axis, "spec": one.spec()} for one in pictures]


def _heard_before(heard: tuple[datetime, datetime] | None, period: Period) -> bool:
    """Whether there is anything that a period could be compared with."""
    return heard is not None and heard[0] < period.since


def _worst_words(row: Row, names: Mapping[str, str], before: bool) -> dict[str, str]:
    cost = [row["goodwill"]] if row["goodwill"] else []
    if row["executive_answers"]:
        cost.append(
            f"{number(row['executive_answers'])} answer{'s' * (row['executive_answers'] > 1)} by executives"
        )
    return {
        "called": cause_name(row["cause"], names),
        "people": people(row["parties"]),
        "share": percent(row["share"], 1),
        "between": f"{percent(row['share_low'], 1)} to {percent(row['share_high'], 1)}",
        "trend": _trend_sentence(row, before),
        "severe": people(row["severe_parties"]) if row["severe_parties"] else "",
        "cost": " and ".join(cost),
    }


def _trend_sentence(row: Row, before: bool) -> str:
    if not before:
        return "Nothing was heard in the time before, to compare with."
    if row["trend"] is None:
        return "Nobody raised it in the time of equal length before."
    if row["trend_low"] > 1:
        return f"Growing: {readable(row['trend'], 'ratio')} as many as in the time before."
    if row["trend_high"] < 1:
        return f"Shrinking: {readable(row['trend'], 'ratio')} as many as in the time before."
    return "About as many as in the time of equal length before."


def _course_words(row: Row, before: bool) -> str:
    share = percent(row["share"], 1)
    return f"{people(row['parties'])}, {share} of all who contacted us. {_trend_sentence(row, before)}"


def _fix_words(row: Row, names: Mapping[str, str], period: Period) -> dict[str, Any]:
    return {
        "fix_id": row["fix_id"],
        "called": cause_name(row["root_cause"], names),
        "address": cause_address(row["root_cause"], period),
        "at": row["effective_at"],
        "verdict": row["verdict"],
        "kind": {"reduced": "good", "worse": "bad"}.get(row["verdict"], "quiet"),
        "ratio": _ratio_words(row),
    }


def _ratio_words(row: Row) -> str:
    if row["ratio"] is None:
        return "too few to compare"
    low, high = readable(row["ratio_low"], "ratio"), readable(row["ratio_high"], "ratio")
    return f"{readable(row['ratio'], 'ratio')} as many as before, between {low} and {high}"


def _checked(description: str) -> str:
    if len(description) > MOST_WORDS:
        raise UsageError(f"What was done takes at most {MOST_WORDS} characters.")
    return description
