"""A kit without hardware: what developers, trainers and the checks run.

* `camera`   the simulated camera: real H.264 and AAC, in real time or at any speed
* `scene`    what it looks at: a generated test card, or
* `replay`   a video file, again and again (`video_file`, `framing`, `reels`: reading, shape, time)
* `encoder`  libx264 and AAC as the Pi's camera would make them
* `faults`   what goes wrong on purpose
* `circuit`, `script`, `rig`  buttons and lights without wires, and who presses them
* `hands`    who answers a self-test
"""
