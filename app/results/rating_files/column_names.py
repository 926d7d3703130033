"""The names by which columns are recognised, most telling first; docs list them for users.

A name is compared in small letters, without what Mechanical Turk puts before it (``Input.``,
``Answer.``), and with every run of other signs as one underscore: ``WorkerId``, ``worker-id`` and
``Worker ID`` are all ``worker_id``.
"""

import re
from collections.abc import Sequence


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


RATER = _names("""
    rater rater_id rater_code rater_name subject subject_id subj subj_id observer observer_id
    worker worker_id participant participant_id prolific_id prolific_pid annotator annotator_id
    user user_id userid username assessor assessor_id evaluator evaluator_id judge judge_id
    respondent respondent_id labeler labeler_id labeller labeller_id viewer viewer_id tester
    person person_id volunteer_id coder coder_id sid uid pid email email_address e_mail
""")

STIMULUS = _names("""
    stimulus stimulus_id stimuli stim stim_id pvs pvs_id image_name image_path image_file image_url
    image image_id img_name img_path img img_id filename file_name filepath file_path file
    video_name video_path video_url video video_id picture picture_id photo photo_id sequence
    sequence_id clip clip_id sample sample_id test_item item item_id item_name asset asset_id
""")

STIMULUS_PART = _names("""
    t2i_model model model_name model_id generator generator_name system system_id method
    algorithm hrc hrc_id codec
""")
"""Columns that tell stimuli apart which share the rest of their name: the same prompt by several
generators, the same source by several codecs."""

SCORE = _names("""
    score scores rating ratings opinion opinion_score opinion_value answer response vote grade
    judgement judgment rating_value user_rating rating_score raw_score score_value value acr likert
    label
""")

DIMENSION = _names("""
    dimension dimension_id question question_id attribute criterion criteria aspect rating_type
    score_type rating_dimension quality_dimension
""")

SCORE_OF_DIMENSION = _names("""
    quality alignment aesthetics aesthetic naturalness realism appeal preference consistency
    correspondence fidelity relevance authenticity overall overall_quality image_quality
    perceptual_quality visual_quality text_alignment prompt_alignment text_image_alignment
    prompt_match beauty sharpness plausibility coherence harmlessness safety composition
    creativity
""")
"""Dimensions that are recognised as columns of scores by their own name, also with a ``_score``,
``_rating`` or ``score_``, ``rating_`` around it."""

SECONDS = _names("""
    seconds secs duration duration_seconds dwell dwell_seconds time_spent time_seconds
    response_time reaction_time latency elapsed elapsed_seconds time_taken answer_time
    rating_time work_time_in_seconds
""")
MILLISECONDS = _names("""
    ms milliseconds rt dwell_ms duration_ms time_ms rt_ms response_time_ms elapsed_ms time_spent_ms
    reaction_time_ms latency_ms
""")

SITTING = _names("sitting sitting_id session session_id session_number")

REPETITION = _names("repetition repetition_id repeat rep replicate")

ORDER = _names("""
    order presentation_order trial_order position presentation trial trial_index trial_number
    timestamp time_stamp rated_at submitted_at created_at answered_at date_time datetime submit_time
""")

_SUMMARY = re.compile(
    r"(^|_)(d?mos|mean|avg|average|std|sd|sos|ci|ci95|stddev|variance|var)(_|\d|$)"
)

# What computed scores of images are called: no opinions of raters.
_METRICS = _names(
    "clip blip reward hps pick niqe brisque musiq maniqa dino lpips ssim psnr vqa fid"
)

_RATER_LIKE = re.compile(
    r"(rater|subject|subj|sub|obs|observer|worker|user|participant|annotator|assessor|evaluator"
    r"|judge|tester|viewer|person|expert|labell?er|r|p|o)[ _.#-]*\d+",
    re.IGNORECASE,
)
_STIMULUS_LIKE = re.compile(
    r"(stimulus|stim|image|img|pvs|video|vid|picture|pic|photo|item|clip|sample|src\d+.*hrc)"
    r"[ _.#-]*\d+.*|.*\.(png|jpe?g|webp|gif|bmp|tiff?|mp4|mov|avi|yuv|mkv|webm|wav|mp3|ply|obj)",
    re.IGNORECASE,
)


def plain(name: str) -> str:
    """A column's name as it is compared."""
    name = re.sub(r"^(input|answer)[._]", "", name.strip(), flags=re.IGNORECASE)
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")


def is_summary(name: str) -> bool:
    """Whether a column holds something computed from ratings, such as a MOS, and not ratings."""
    return bool(_SUMMARY.search(plain(name)))


def names_a_dimension(name: str) -> bool:
    """Whether a column holds scores and is called after what they judge."""
    stem = re.sub(r"^(score|rating)s?_|_(score|rating)s?$", "", plain(name))
    if stem == plain(name):
        return stem in SCORE_OF_DIMENSION
    return not set(stem.split("_")).intersection(_METRICS) and not re.search(r"\d", stem)


def is_surely_in_seconds(name: str) -> bool:
    """Whether a column of times says its unit."""
    return re.search(r"(^|_)(s|sec|secs|second|seconds)$", plain(name)) is not None


def family(name: str) -> str:
    """What names of one series share: subj01 and subj12 are both subj#."""
    return re.sub(r"\d+", "#", name.strip().casefold())


def looks_like_rater(name: str) -> bool:
    """Whether a name looks like that of a rater: subj01, rater 3, p7."""
    return _RATER_LIKE.fullmatch(name.strip()) is not None


def looks_like_stimulus(name: str) -> bool:
    """Whether a name looks like that of a stimulus: img_12, a.png, pvs3."""
    return _STIMULUS_LIKE.fullmatch(name.strip()) is not None


def share_like_raters(names: Sequence[str]) -> float:
    """Share of names that look like those of raters."""
    return sum(map(looks_like_rater, names)) / max(len(names), 1)


def share_like_stimuli(names: Sequence[str]) -> float:
    """Share of names that look like those of stimuli."""
    return sum(map(looks_like_stimulus, names)) / max(len(names), 1)
