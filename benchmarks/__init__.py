"""The measured claims, each against a peer in the same run: `make bench`, or `make bench ONLY=name` for one.

* `claim`         what is claimed, what was measured, and whether the goal is met
* `film_cpu`      CPU of filming: mux, pad, seal, hash, durable write
* `film_memory`   growth of memory over an hour of film
* `seal_speed`    sealing parts
* `open_speed`    opening parts
* `server_speed`  CPU and speed of taking parts in
* `server_memory` the service's memory, whatever the number of films
* `kits_at_once`  500 kits that sync at once
* `scaling`       one, two and four workers on PostgreSQL and Ceph, with `scaling_picture`; `held` to a share of a core
* `uplink_speed`  the uplink over two links, and `uplink_outage` where the link stops in the middle; `kit_on_link`
* `uplink_cost`   the uplink's CPU and memory; `stop_to_receipt`: what people wait for after a film
* `senders`, `tus_client`  the programs that others would send a film with
* `servers`, `tus`, `fleet`, `load`  our service and its peers as processes, kits with keys, and what they send
* `source_film`, `peers`, `filming`  the film that is filmed, the programs compared with, our path to the card
* `report`        the table, `benchmarks/out/results.json`, and the table in `docs/benchmarks.md`

Ours and the peer take turns, so that a busy moment of the machine strikes both; the figures are medians. Where it can
be, CPU time is measured and not the clock on the wall.
"""
