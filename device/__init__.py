"""The kit's firmware: recorder and uplink.

* `recorder`    the state machine: pure, a literal table; `signals`, `trouble`, `endings`: what it means for people
* `supervisor`  performs what the table says; `watch` and `health` turn time and sensors into events
* `panel`       buttons and lights, on gpiozero
* `ports`       what cameras, microphones and sensors must be; `pi` and `sim` have them
* `film_writer` packets to durable sealed parts: `muxer`, seal, hash, `spool`
* `sound_track` the sound of a film, one unbroken row of samples whatever the microphone does
* `spool`       the folder of sealed films; which files exist is the state of a film
* `uplink`      brings films to the agency's service and erases them on its receipt
* `enrolment`   how a kit joins an agency; `standing`: whether that knows it
* `heartbeat`   what the uplink tells the agency of the kit, from `kit_status`
* `board`, `config`  pins and settings
* `selftest`    every part of the kit tested by name
* `commands`    `kit-device`: where each program is put together
"""
