def test_open(fresh_store):
    fresh_store.migrate()
    with fresh_store.begin() as conn:
        pass
