def test_a_worker_empties_the_queues_by_priority(workers: Workers, notes: str) -> None:
    workers.ensure_running()
    for name in ("busy", "released"):
        jobs.note.delay(notes, name, f"{notes}-{name}")
    workers.wait(lambda: len(lines(notes)) == 2)
    for name in 2 * ("low", "default", "high"):
        jobs.note.apply_async((notes, name), queue=f"{workers.prefix}{name}")
    Path(f"{notes}-released").touch()
    workers.wait(lambda: len(lines(notes)) == 9)
    assert lines(notes)[2:] == ["released", *2 * ["high"], *2 * ["default"], *2 * ["low"]]
    Path(f"{notes}-busy").touch()
    workers.wait(lambda: not JobRecord.objects.exists())
