"""The agency's service: takes in sealed films and signs receipts for them. It can't read what it stores.

* `__main__`, `commands`, `settings`, `service`   the command `companion-api`, its settings, and how everything is wired
* `app`, `agency`   the FastAPI application, and what its routes work with
* `problems`, `answers`   every refusal by name, as RFC 9457 problem details and in OpenAPI
* `paths`, `json_bodies`, `clocked_signer`   ids and codes in paths; bodies of bounded size; text signed for a time
* `published_directory`   the directory that is in force
* `kits`        what kits ask for: joining, heartbeats, requests, signatures, sessions, taking in, closing, leaving
* `staff`       accounts and roles; passkeys, OpenID Connect, sessions; the one table of who may do what
* `library`     films as staff see them: reading, cases, holders of kits, shares
* `admissions`  requests of staff that films be sealed to them
* `films`       what is held of each film, in what state it is, and whose it is
* `stores`      where bytes are kept: the port and its adapters
* `database`    the connection and its migrations
* `operations`  health, readiness, metrics, logs
* `audit`       the trail of every access and decision, whether it is whole, and its way to a syslog
* `truth`       whether what is held is true: scrub, backup and restore
* `signatures`  what the service signs besides receipts
"""
