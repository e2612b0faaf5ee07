"""The agency's service: takes in sealed films and signs receipts for them. It can't read what it stores.

* `__main__`, `commands`, `settings`, `service`   the command `companion-api`, its settings, and how everything is wired
* `app`, `agency`   the FastAPI application, and what its routes work with
* `problems`, `answers`   every refusal by name, as RFC 9457 problem details and in OpenAPI
* `json_bodies`, `clocked_signer`   bodies of bounded size; signed text that is good for a time
* `published_directory`   the directory that is in force
* `kits`        what kits ask for: joining, heartbeats, requests, signatures, sessions, taking in, closing, leaving
* `films`       what is held of each film, in what state it is, and whose it is
* `staff`       accounts and roles; passkeys, OpenID Connect, sessions; who is signed in
* `stores`      where bytes are kept: the port and its adapters
* `database`    the connection and its migrations
* `operations`  health, readiness, metrics, logs
* `audit`       the trail of every access and decision, whether it is whole, and its way to a syslog
* `truth`       whether what is held is true: scrub, backup and restore
* `signatures`  what the service signs besides receipts
"""
