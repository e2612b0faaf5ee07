"""What `kit-device` can do, a module each: there, and nowhere else, its parts are put together.

Each is imported when it is called, so that no program loads what only another needs: the recorder knows no HTTP, the
uplink no camera, and going dark takes no time.
"""
