"""`kit`: what IT staff do for an agency and its kits, and how films are opened in a disaster.

* `agency`      the agency's folder: root, recovery identity, receipt key, directory
* `passphrase`  where the root key's passphrase comes from
* `store_films` films in a store's folder
* `recover`     verify and open every film of a store
* `movie`       opened parts to an ordinary MP4
* `__main__`    the command line
"""
