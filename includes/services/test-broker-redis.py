def test_a_worker_empties_the_queues_by_priority(workers: Workers, notes: Notes) -> None:
    workers.running()
    for name in ("busy", "released"):
        jobs.note.delay(notes.path, name, str(notes.file(name)))
    workers.wait(lambda: len(notes.lines()) == 2)
    for name in 2 * ("low", "default", "high"):
        jobs.note.apply_async((notes.path, name), queue=f"{workers.prefix}{name}")
    notes.file("released").touch()
    workers.wait(lambda: len(notes.lines()) == 9)
    assert notes.lines()[2:] == ["released", *2 * ["high"], *2 * ["default"], *2 * ["low"]]
    notes.file("busy").touch()
    workers.wait(lambda: not JobRecord.objects.exists())
