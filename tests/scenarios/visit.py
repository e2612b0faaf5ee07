"""The demonstration's visit: three films, as a family and a practitioner would press the buttons."""

FILMING = """
press agree
wait 1
press record
wait 8
press record   # a moment
wait 10
hold record    # stop
wait 2
press agree
wait 1
press record
wait 6
hold agree     # the family stops, and takes the film back
wait 2
press agree
wait 1
press record
wait 3600      # the power is cut in the middle of this one
"""

SWITCHED_ON_AGAIN = "wait 1\n"
