"""The agency's service: takes in sealed films and signs receipts for them. It can't read what it stores.

* `__main__`, `settings`, `service`   the command `companion-api`, its settings, and how everything is wired
* `app`, `agency`   the FastAPI application, and what its routes work with
* `kit_requests`    the requests of kits, as routes
* `kit_access`, `sessions`   who is asking: RFC 9421 signatures, revocation, session nonces
* `upload`          the body of a request: bounded in size and patience
* `archive`         the store and the catalogue together: whose film it is, and what state it is in
* `intake`, `closing`, `leaving`   what is decided and done with parts, with manifests, and when a film goes
* `film_states`     the states of a film, as a table
* `catalogue`       the database: which films and parts are held
* `store`, `disk_store`, `memory_store`   where bytes are kept: the port and its adapters
* `published_directory`   the directory that is in force
* `problems`, `answers`   every refusal by name, as RFC 9457 problem details and in OpenAPI
"""
