"""The same person keeps a scenario in two windows in the same moment."""

import threading

import pytest
from django.db import connection

from accounts.history import Actor
from accounts.models import Agency, Unit, User
from scoring.models import CriteriaSet, Scenario
from scoring.scenarios import NameTaken, change_scenario, save_scenario

pytestmark = pytest.mark.django_db(transaction=True)
PLAIN = {"schema": "cchc-what-if/1", "full": ["1.1"]}


@pytest.fixture
def people():
    agency = Agency.objects.create(code="SGDDT", name="Sở")
    unit = Unit.objects.create(agency=agency, code="VP", name="Văn phòng")
    person = User.objects.create_user("a@b.vn", name="A", unit=unit, roles=["coordinator"])
    criteria_set = CriteriaSet.objects.create(agency=agency, code="BO", name="Bộ", valid_from=2019)
    return Actor.of(person), criteria_set


def at_once(*works):
    """Run ``works`` in threads that start together; what each returned or raised."""
    start = threading.Barrier(len(works))
    results = [None] * len(works)

    def run(place, work):
        try:
            start.wait(10)
            results[place] = work()
        except Exception as error:  # what the test looks at
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    return results


def test_the_same_twice_is_one_and_another_content_is_asked_about(people):
    by, criteria_set = people

    def save(full):
        return lambda: save_scenario(
            by=by, year=2019, criteria_set=criteria_set, name="Một", inputs=PLAIN | {"full": full}
        )

    one, two = at_once(save(["1.1"]), save(["1.1"]))
    assert one.pk == two.pk
    Scenario.objects.all().delete()
    results = at_once(save(["1.1"]), save(["1.2"]))
    assert sorted(type(result).__name__ for result in results) == ["NameTaken", "Scenario"]
    assert Scenario.objects.count() == 1


def test_two_that_take_one_name_do_not_both_get_it(people):
    by, criteria_set = people
    rows = [
        save_scenario(by=by, year=2019, criteria_set=criteria_set, name=name, inputs=PLAIN)
        for name in ("Một", "Hai")
    ]
    works = [
        lambda row=row: change_scenario(scenario=row, by=by, name="Ba", shared=False)
        for row in rows
    ]
    results = at_once(*works)
    assert [result for result in results if isinstance(result, NameTaken)]
    assert Scenario.objects.filter(name="Ba").count() == 1
