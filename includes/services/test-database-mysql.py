def test_every_engine_shows_what_is_committed_and_refuses_what_does_not_fit() -> None:
    options = database("mysql://root@127.0.0.1:3306/name")["OPTIONS"]
    assert options["isolation_level"] == "read committed"
    assert "STRICT_ALL_TABLES" in options["init_command"]
