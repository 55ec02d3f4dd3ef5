"""The sections of the brief, in the order of the page. A capability adds its section by one line here."""

from __future__ import annotations

from .section import Section
from .sections import (
    balance,
    claims,
    closing,
    contracts,
    highlights,
    ladder,
    matter,
    ownership,
    places,
    plan,
    policies,
    projects,
    sensitivity,
    unverified,
    worlds,
)

SECTIONS: tuple[Section, ...] = (
    Section(key="highlights", title="Highlights", build=highlights.build, order=10),
    Section(key="ladder", title="The ladder of control", build=ladder.build, order=20),
    Section(key="chain", title="The chain in contained tonnes", build=matter.build, order=30),
    Section(key="balance", title="The balanced year", build=balance.build, order=35),
    Section(key="map", title="Where the sites stand", build=places.build, order=40),
    Section(key="ownership", title="Behind the largest controller", build=ownership.build, order=50),
    Section(key="contracts", title="Who has bought what", build=contracts.build, order=60),
    Section(key="policies", title="Policies: announced, in force, ended", build=policies.build, order=70),
    Section(key="projects", title="Projects: status against nameplate", build=projects.build, order=80),
    Section(key="sensitivity", title="What would change these conclusions", build=sensitivity.build, order=90),
    Section(key="unverified", title="What is unverified", build=unverified.build, order=100),
    Section(key="method", title="Method", build=closing.method, order=110),
    Section(key="disclaimer", title="Disclaimer", build=closing.disclaimer, order=120),
    Section(key="sources", title="Sources", build=closing.sources, order=900, closing=True, annex=True),
    Section(key="manifest", title="Manifest", build=closing.manifest, order=910, closing=True, annex=True),
)

# Sections of a page that was given a plan's file.
PLAN_SECTIONS: tuple[Section, ...] = (
    Section(key="plan", title="The plan: what to build and when", build=plan.build, order=92),
    Section(
        key="plan-binding", title="The plan: what binds, and what more of it is worth", build=plan.binding, order=94
    ),
    Section(key="worlds", title="Research, and what planning together is worth", build=worlds.build, order=96),
)

# Section of a page whose chain has accepted claims laid over it.
CLAIMS_SECTION = Section(key="claims", title="What the accepted claims change", build=claims.build, order=25)
