"""The kit's firmware: recorder and uplink.

* `recorder`    the state machine: pure, a literal table
* `supervisor`  performs what the table says: lights, camera, film
* `panel`       buttons and lights, on gpiozero
* `ports`       what a camera must be; `sim` (and `pi`, on a Raspberry Pi) are cameras
* `film_writer` packets to durable sealed parts: `muxer`, seal, hash, `spool`
* `spool`       the folder of sealed films; which files exist is the state of a film
* `uplink`      brings films to the agency's service and erases them on its receipt
* `board`, `config`  pins and settings
* `kit_status` what is on the kit, for people and programs
* `selftest`  every part of the kit tested by name
* `__main__`    `kit-device`: where all of it is put together
"""
