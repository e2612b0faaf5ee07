"""Key, directory, clock, and what the kit feels: each fault has its own name."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from device import clock
from device.errors import DirectoryExpired
from device.expiry import refuse_expired
from device.ports import Readings
from device.selftest.outcome import Verdict
from footage.directory import Directory
from footage.keys import key_to_pem, new_key
from footage.manifest import ClockStatus
from tests.device.selftest.bench import Bench

LONG_AGO, FAR_AWAY = "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"

Break = Callable[[Bench], object]


def revoke(bench: Bench) -> None:
    bench.publish(lambda directory: replace(directory, kits=(replace(directory.kits[0], revoked=True),)))


def hold_until(when: str) -> Callable[[Bench], None]:
    def change(directory: Directory) -> Directory:
        return replace(directory, valid_until=when)

    return lambda bench: bench.publish(change)


def lose_the_time(bench: Bench) -> None:
    bench.circuit.sensors.readings = Readings(clock=ClockStatus.UNSYNCHRONISED)


@pytest.mark.parametrize(
    ("part", "broken", "code"),
    [
        ("keys", lambda bench: bench.config.key.unlink(), "config-invalid"),
        ("keys", lambda bench: bench.config.key.write_bytes(b"no key"), "config-invalid"),
        ("keys", lambda bench: bench.config.key.write_bytes(key_to_pem(new_key())), "key-foreign"),
        ("keys", lambda bench: bench.config.key.chmod(0o604), "key-exposed"),
        ("keys", revoke, "kit-revoked"),
        ("keys", lambda bench: bench.publish(lambda directory: replace(directory, kits=())), "kit-unknown"),
        ("directory", lambda bench: bench.config.directory.unlink(), "config-invalid"),
        ("directory", hold_until(LONG_AGO), "directory-expired"),
        ("directory", hold_until(FAR_AWAY), ""),
        ("clock", lose_the_time, "clock-not-set"),
        ("power", lambda bench: bench.circuit.drain_battery(), "battery-low"),
        ("power", lambda bench: bench.circuit.heat_up(), "too-hot"),
        ("power", lambda bench: bench.circuit.weaken_supply(), "undervoltage"),
        ("power", lambda bench: setattr(bench.circuit.sensors, "readings", Readings()), "sensor-missing"),
    ],
)
def test_each_fault_has_its_name(bench: Bench, part: str, broken: Break, code: str) -> None:
    broken(bench)
    assert bench.code(part) == code


def test_a_directory_of_another_root_is_not_trusted(bench: Bench) -> None:
    bench.agency.root = new_key()
    bench.publish(lambda directory: directory)
    result = bench.result("directory")
    assert result.code == "config-invalid"
    assert "another root" in result.text


def test_whether_a_directory_has_expired_is_not_known_without_the_time(bench: Bench) -> None:
    hold_until(LONG_AGO)(bench)
    lose_the_time(bench)
    assert bench.code("directory") == "clock-not-set"


def test_a_directory_expires_after_its_last_second(bench: Bench) -> None:
    now = clock.now()
    directory = replace(bench.agency.directory(), valid_until=now)
    refuse_expired(directory, now)
    with pytest.raises(DirectoryExpired):
        refuse_expired(directory, FAR_AWAY)


def test_no_message_holds_the_key(bench: Bench) -> None:
    secret = format(bench.agency.kit_key.private_numbers().private_value, "x")
    bench.config.key.chmod(0o644)
    result = bench.result("keys")
    assert result.verdict is Verdict.ERROR
    assert secret not in result.text
