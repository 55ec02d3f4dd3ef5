"""Reviews as schema.org ClaimReview, the shape that fact checkers exchange.

Every review becomes one ClaimReview with the claim as `itemReviewed`: rating 1 rejected, 3 uncertain, 5 accepted. The
whole claim travels as JSON in `additionalProperty`, so that import gives the same claim. A ClaimReview of others has no
event in it: it is taken as a review of a claim that the ledger knows by its identifier, and refused otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ytterby.evidence.ledger.exchange import INSIDE, Bundle, inside, of_inside
from ytterby.evidence.ledger.records import Entry, LedgerError, Review, Verdict

RATINGS: Mapping[Verdict, int] = {Verdict.REJECTED: 1, Verdict.UNCERTAIN: 3, Verdict.ACCEPTED: 5}


def to_claim_reviews(entries: Mapping[str, Entry], reviews: Iterable[Review]) -> list[dict[str, Any]]:
    """Return reviews as schema.org ClaimReview."""
    return [_claim_review(entries[review.claim_id], review) for review in reviews]


def _claim_review(entry: Entry, review: Review) -> dict[str, Any]:
    appearance: dict[str, Any] = {"@type": "CreativeWork", "headline": entry.document.title}
    if entry.document.url:
        appearance["url"] = entry.document.url
    if entry.document.publisher:
        appearance["publisher"] = {"@type": "Organization", "name": entry.document.publisher}
    claim: dict[str, Any] = {"@type": "Claim", "identifier": entry.id, "appearance": appearance}
    if entry.day:
        claim["datePublished"] = entry.day
    if entry.claim.speaker:
        claim["author"] = {"@type": "Organization", "name": entry.claim.speaker}
    claim["additionalProperty"] = {"@type": "PropertyValue", "name": INSIDE, "value": inside(entry)}
    return {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "datePublished": review.at,
        "claimReviewed": entry.claim.quote,
        "author": {"@type": "Person", "name": review.by},
        "reviewBody": review.why,
        "reviewRating": {
            "@type": "Rating",
            "ratingValue": RATINGS[review.verdict],
            "worstRating": min(RATINGS.values()),
            "bestRating": max(RATINGS.values()),
            "alternateName": review.verdict.value,
        },
        "itemReviewed": claim,
    }


def from_claim_reviews(rows: Any) -> Bundle:
    """Return the reviews that ClaimReview objects hold, with the claims that they carry.

    Raises:
        LedgerError: no ClaimReview, or one that names no claim by its id.
    """
    rows = rows if isinstance(rows, list) else [rows]
    bundle = Bundle()
    for number, row in enumerate(rows, start=1):
        try:
            if row["@type"] != "ClaimReview":
                raise LedgerError(f"ClaimReview {number}: is of another type, '{row['@type']}'")
            item = row["itemReviewed"]
            if carried := (item.get("additionalProperty") or {}).get("value"):
                document, claim = of_inside(carried)
                bundle.documents[document.sha256] = document
                bundle.claims.append(claim)
            verdict = _verdict(row["reviewRating"])
            texts = {"by": row["author"]["name"], "why": row["reviewBody"], "at": row["datePublished"]}
            bundle.reviews.append(Review(str(item["identifier"]), verdict, **{k: str(v) for k, v in texts.items()}))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LedgerError(f"ClaimReview {number}: cannot be read: {error}") from error
    bundle.claims = list({claim.id: claim for claim in bundle.claims}.values())
    return bundle


def _verdict(rating: Mapping[str, Any]) -> Verdict:
    """Return the verdict that a rating names, else the one nearest to where it lies between worst and best."""
    if str(rating.get("alternateName")) in list(Verdict):
        return Verdict(rating["alternateName"])
    worst, best = float(rating.get("worstRating", 1)), float(rating.get("bestRating", 5))
    place = (float(rating["ratingValue"]) - worst) / (best - worst) if best != worst else 0.5
    return Verdict.ACCEPTED if place > 2 / 3 else Verdict.REJECTED if place < 1 / 3 else Verdict.UNCERTAIN
