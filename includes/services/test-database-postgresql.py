def test_a_pool_keeps_the_connections_where_it_has_a_size() -> None:
    url = "postgres://postgres@127.0.0.1:5432/name"
    settings = database(url, DATABASE_POOL_SIZE="4")
    assert settings["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 4, "timeout": 5}
    assert settings["CONN_MAX_AGE"] == 0
    assert "pool" not in database(url)["OPTIONS"]
