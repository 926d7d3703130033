"""What a plan says, in sentences."""

from app.analysis.planning import Work
from app.results.planning.study import StudyPlan


def study_sentences(plan: StudyPlan) -> list[str]:
    """What a study needs and what is left, the most important first."""
    return [*_raters(plan), *_so_far(plan), *_left(plan), *_origin(plan)]


def work_sentence(ratings: int, work: Work, purpose: str) -> str:
    """Time and cost of so many ratings."""
    text = f"{ratings:,} ratings {purpose}: about {hours(work.hours)} of rating"
    if work.paid_hours != work.hours:
        text += f", {hours(work.paid_hours)} to be paid"
    return f"{text}." if work.cost is None else f"{text}, at a cost of {work.cost:,.0f}."


def hours(value: float) -> str:
    """Hours as people say them: 40 minutes, 3.5 hours, 1,200 hours."""
    if value < 1:
        minutes = round(60 * value)
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{value:,.1f} hours" if value < 100 else f"{value:,.0f} hours"


def _raters(plan: StudyPlan) -> list[str]:
    target = plan.progress.target_ratings
    goals = f"an interval of ±{plan.half_width:g} for a picture in the middle of the scale and a"
    goals += f" reliability of {plan.goals.reliability:g}"
    if plan.raters_needed is None:
        problems = sorted({d.problem for d in plan.dimensions if d.problem})
        return ["The goals are out of reach.", *problems]
    text = f"For {goals}, each picture needs {plan.raters_needed:,} raters"
    if plan.raters_needed <= target:
        return [f"{text}; the {target:,} that the study asks for are enough."]
    return [f"{text}; the study asks for {target:,}."]


def _so_far(plan: StudyPlan) -> list[str]:
    overall = plan.dimensions[-1]
    if overall.half_width_now is None:
        return ["No picture has two ratings yet, so there are no intervals so far."]
    return [
        f"With the ratings so far, the overall score of {100 * overall.share_narrow:.0f} % of the"
        f" pictures should be known to within ±{plan.half_width:g}; the median is"
        f" ±{overall.half_width_now:.2f}."
    ]


def _left(plan: StudyPlan) -> list[str]:
    if plan.progress.main_stimuli == 0:
        return ["The study has no pictures yet."]
    sentences = []
    if plan.missing_to_target == 0:
        sentences.append("Every picture has the ratings that the study asks for.")
    elif plan.to_target is not None:
        sentences.append(work_sentence(plan.missing_to_target, plan.to_target, "to the target"))
    if plan.missing_to_goals and plan.to_goals is not None:
        sentences.append(work_sentence(plan.missing_to_goals, plan.to_goals, "to both goals"))
    if plan.seconds_each is None:
        missing = f"{plan.missing_to_target:,} ratings are missing to the target. "
        pace = "How long that takes is not known: too few ratings yet; give the seconds per rating."
        sentences.append(missing + pace if plan.missing_to_target else pace)
    return sentences


def _origin(plan: StudyPlan) -> list[str]:
    sentences = []
    if plan.is_measured:
        sentences.append(f"Spread and agreement of opinions were measured by run {plan.run_id}.")
    else:
        sentences.append(
            "Where nothing has been measured yet, spread and agreement are assumed from studies"
            " with a similar question; run an analysis to measure them."
        )
    if plan.simulated_raters:
        sentences.append(
            f"{plan.simulated_raters:,} of that run's raters were programs, so its numbers say"
            " nothing about people."
        )
    if plan.is_pace_measured and not plan.progress.people:
        sentences.append(
            "The pace is that of programs, which do not stop to look; nobody else has rated yet."
            " Give the seconds that a person takes."
        )
    return sentences
