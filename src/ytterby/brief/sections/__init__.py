"""The sections of the brief, one module a section; `registry` puts them in order."""
