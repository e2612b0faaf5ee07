from companion_api.pace import Pace, Progress

PACE = Pace(patience=20, grace=30, least=1024)


def test_a_body_that_stands_fails_when_patience_ends() -> None:
    progress = Progress(PACE, 100)
    assert progress.deadline == 120
    progress.came(5000, 110)
    assert progress.deadline == 130
    assert progress.refusal().problem.code == "upload-stalled"


def test_a_body_that_dribbles_fails_although_something_always_comes() -> None:
    progress = Progress(PACE, 100)
    for second in range(101, 140):
        progress.came(100, second)
    assert progress.deadline == 100 + 30 + 39 * 100 / 1024
    assert progress.refusal().problem.code == "upload-too-slow"


def test_the_slowest_link_that_moves_is_waited_for() -> None:
    progress = Progress(PACE, 0)
    for second in range(1, 257):  # 2 MiB at 64 kbit/s
        assert progress.deadline > second
        progress.came(8192, second)
