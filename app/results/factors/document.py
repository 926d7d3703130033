"""The section ``factors`` of a run's report: what generators, settings and prompts did.

Everything is a number, null where it is not defined, or a plain sentence.  Shares lie between 0
and 1; scores are on the study's scale.  Where there is no interval, ``reason`` says why.
"""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of the document's parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FactorShare(Part):
    """How much of the differences between pictures goes with one factor."""

    factor: str
    """``generator``, ``settings``, ``condition``, ``prompt``, ``length`` or ``category``."""
    label: str
    groups: int
    """Groups with at least one picture that has a MOS."""
    of: str
    """Of which differences: those between ``pictures``, or between ``prompts``."""
    eta_squared: float | None
    """η² of this factor alone: as seen, chance and rating noise included."""
    omega_squared: float | None
    """ω² of this factor alone: corrected for chance."""
    share: float | None
    """Of the true differences, rating noise taken off and other factors allowed for."""
    low: float | None
    high: float | None
    adjusted: bool
    """Whether generators were compared on the same prompts (or prompts on the same generators)."""
    reason: str | None


class GroupMean(Part):
    """The mean MOS of a group of pictures, with an interval clustered by prompt."""

    name: str
    pictures: int
    prompts: int
    mean: float
    low: float | None
    high: float | None
    reason: str | None


class SettingEffect(Part):
    """One value of a setting against the default of the same generator."""

    generator: str
    setting: str
    """``guidance``, ``steps``, ``scheduler`` or ``size``."""
    label: str
    value: str
    default: str
    default_from: str
    """``catalogue``, or ``most frequent`` where the catalogue has no default, or it is not used."""
    basis: str
    """``same prompt and other settings``, ``same prompt`` or ``different prompts``."""
    pictures: int
    default_pictures: int
    prompts: int
    """Prompts behind the difference: those that have both."""
    difference: float | None
    """Mean MOS with this value less mean MOS with the default."""
    low: float | None
    high: float | None
    reason: str | None


class DimensionFactors(Part):
    """Everything about one dimension, or ``overall``."""

    key: str
    label: str
    pictures: int
    """Pictures with a MOS."""
    mos_sd: float | None
    """Standard deviation of the MOS over pictures."""
    noise_share: float | None
    """Share of the MOS' variance that is rating noise: mean of SOS²/n over the variance."""
    shares: tuple[FactorShare, ...]
    generators: tuple[GroupMean, ...]
    """Best first."""
    lengths: tuple[GroupMean, ...]
    """By number of words, shortest first."""
    categories: tuple[GroupMean, ...]
    """Best first; pictures of prompts without a category are in none."""
    settings: tuple[SettingEffect, ...]
    sentences: tuple[str, ...]


class GeneratorAgreement(Part):
    """Do two dimensions go together within the pictures of one generator (or of all)?"""

    generator: str
    """Empty for all pictures together."""
    pictures: int
    srcc: float | None
    plcc: float | None


class DimensionPair(Part):
    """Two dimensions over all pictures, within each generator, and between generators."""

    first: str
    first_label: str
    second: str
    second_label: str
    overall: GeneratorAgreement
    generators: tuple[GeneratorAgreement, ...]
    within: float | None
    """SRCC within generators, weighted by pictures."""
    between: float | None
    """SRCC of the generators' means; null with fewer than three generators."""
    sentence: str


class StudyFactors(Part):
    """The whole section."""

    methods: tuple[str, ...]
    level: float
    pictures: int
    """Main pictures of the run, with or without a MOS."""
    prompts: int
    generators: int
    dimensions: tuple[DimensionFactors, ...]
    """In protocol order, then ``overall``."""
    pairs: tuple[DimensionPair, ...]
    notes: tuple[str, ...]
    """What limits these numbers in this study, in plain sentences."""
