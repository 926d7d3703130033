"""What the demonstration study consists of: its texts, its rules, its pictures, its raters."""

from app.analysis.simulation import RaterKind
from app.pool.plan_document import PlanDocument, validate_plan
from app.simulation.panel import PanelPlan
from app.study.protocol import Consent, Protocol, SittingRules
from app.study.templates import INSTRUCTIONS, quality_and_alignment

SLUG = "demonstration"
TITLE = "Demonstration: procedural pictures"
MAIN_PLAN = SLUG
TRAINING_PLAN = f"{SLUG}-training"

SEED = 20
PROMPTS = 30
TRAINING_PROMPTS = 3
VARIANTS = ("procedural-atelier", "procedural-studio", "procedural-sketch", "procedural-draft")
# From flawless to poor, so that the training pictures span the scale.
TRAINING_VARIANTS = ("procedural-reference", "procedural-sketch", "procedural-draft")
PANEL = PanelPlan(raters=12, planted={RaterKind.RANDOM: 1, RaterKind.REVERSED: 1}, seed=SEED)

CONSENT = """\
This is a demonstration. It shows what a rater of a study sees, and you are welcome to try it.

About the pictures: they are procedural. A small program draws them from sentences such as “two \
small blue squares left of a red circle”, some of them badly on purpose. No text-to-image model \
has made them.

About the other raters: twelve raters of this study are simulated. They are programs, not people, \
and two of them misbehave on purpose, so that screening has something to find.

What is stored, in this Beholder’s own database: your scores, how long each took, the size of your \
window, and the time at which you accepted this text. Your name and address are not asked for.

Taking part is voluntary. You may stop at any time, and you may withdraw, which erases your \
ratings.
"""

THANKS = """\
Your ratings are stored. They count beside those of the twelve simulated raters: on the dashboard, \
run the analysis again to see the difference they make.
"""


def demonstration_protocol() -> Protocol:
    """Short sittings for a person who tries it; together they cover all pictures."""
    rules = SittingRules(presentations=20, sittings=6, training=TRAINING_PROMPTS)
    template = quality_and_alignment(target_ratings=20, sitting=rules)
    return template.model_copy(
        update={
            "consent": Consent(version="demonstration-1", text=CONSENT),
            "instructions": INSTRUCTIONS,
            "thanks": THANKS,
        }
    )


def main_plan(prompt_ids: tuple[int, ...]) -> PlanDocument:
    """Every prompt by every variant, with settings around each variant's own."""
    return validate_plan(
        {
            "name": MAIN_PLAN,
            "seed": SEED,
            "prompts": {"ids": prompt_ids},
            "generators": VARIANTS,
            "settings": {
                "steps": [{"factor": 1, "weight": 5}, 0.5, 0.2],
                "guidance": [{"factor": 1, "weight": 6}, 0.4, 2],
            },
        }
    )


def training_plan(prompt_ids: tuple[int, ...]) -> PlanDocument:
    """One picture of each training prompt, by another variant each time."""
    return validate_plan(
        {
            "name": TRAINING_PLAN,
            "seed": SEED,
            "prompts": {"ids": prompt_ids},
            "generators": TRAINING_VARIANTS,
            "images_per_prompt": 1,
        }
    )
