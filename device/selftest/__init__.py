"""`kit-device selftest`: every part of a kit tested by name, for the bench and for IT (`docs/selftest.md`).

* `parts`     the table of tests, in order
* `stand`     the kit on the test stand: what the tests share
* `outcome`   how a test ends: passed, failed with a code, skipped
* `report`    lines for people, one JSON document for programs
* `memory`    what was found last, for the agency
* `identity`  key and directory
* `card`      how fast parts become durable, and how much film fits
* `panel`     buttons, recording light, other lights, buzzer
* `sample`    two seconds of picture and sound, in memory only
* `picture`, `sound`  what the sample shows
* `condition` clock, power, heat
"""
