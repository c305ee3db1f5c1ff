from config.tests.run import python


def test_the_image_is_built_with_no_variable_at_all() -> None:
    code = "from config.settings.docker import *; assert 'Manifest' in str(STORAGES)"
    assert python(code).returncode == 0
