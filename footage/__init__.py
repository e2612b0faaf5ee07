"""The sealed-film format and the signed messages that kit and agency exchange. `docs/sealed-footage.md` is normative.

* `age`         ordinary age v1 files: what every part and every `film.key` is
* `parts`       a film's parts: names, padding
* `notes`       what happened in a film (moment, consent …), as sealed JSON
* `film_key`    the film's own identity, made in a child process and sealed into `film.key`
* `manifest`    the kit's signed list of a film's parts
* `receipt`     the agency's signed word that a film is whole and durable
* `directory`   the agency root's signed, versioned list of kits, recipients and receipt keys
* `signed_time` the agency's signed answer to a kit that asks for the time
* `enrolment`   what is handed over when a kit joins: its ticket, and keys that wait for the root
* `film`        opening a film: directory, kit key, manifest, hashes, then age, in this order
* `http_signatures`  which parts of a request a kit signs (RFC 9421)
* `keys`, `jws`, `messages`  P-256 keys, JWS ES256, strict JSON: what the above stand on

This package has no device, no web framework, no clock and no network.
"""
