"""`ecs-drainer snapshot` and `rehearse` as a person types them: read in an account, rehearsed without one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from rehearsal.result import read as from_json
from rehearsal.running import Wanted, rehearse
from rehearsal.scenarios import Kind, Scenario
from rehearsal.snapshot import read
from stories.world import CLUSTER, Service
from tests.cli.shell import shell
from tests.rehearsal.worlds import STUCK


def ran(line: str) -> Result:
    return CliRunner().invoke(app, line.split(), prog_name="ecs-drainer")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of three instances with a service that is stuck."""
    path = tmp_path_factory.mktemp("snapshot") / "cluster.json"
    with shell(Service(), STUCK) as told:
        with told.aws.requests.unthrottled():
            answered = told.quietly(f"snapshot --cluster {CLUSTER} -o {path}")
        assert answered.exit_code == 0, answered.output
        assert "web: 3 container instances, 4 tasks, 2 services, web-ecs; " in answered.output
        made = {call.operation for call in told.aws.requests.calls if call.principal.endswith(":user/moto")}
        assert all(operation.startswith(("Describe", "List", "Get", "Scan")) for operation in made), made
        anonymous = told.quietly(
            f"snapshot --cluster {CLUSTER} -o {path.with_name('anonymous.json')} --anonymise"
        )
        assert anonymous.exit_code == 0, anonymous.output
    return path


@pytest.mark.slow  # 10 s: four rehearsals
def test_variants_side_by_side_and_a_code_for_pipelines(taken: Path) -> None:
    """What is stuck is killed at its deadline; another maximum percent frees it, another deadline only ends it."""
    answered = ran(
        f"rehearse {taken} --scale-in 2 --once --what-if legacy:max=200 --policy deadline=20m -o json"
    )
    assert answered.exit_code == 6, answered.output
    told = from_json(answered.stdout)
    assert [each.variant for each in told.variants] == ["as it is", "legacy:max=200", "deadline=20m"]
    assert [each.exit_code for each in told.variants] == [6, 0, 6]
    as_it_is, freed, sooner = told.variants
    assert freed.killed == ()
    assert freed.blockers == ()
    ended = [next(end for end in each.drains if end.outcome == "deadline") for each in (as_it_is, sooner)]
    assert [end.took for end in ended] == [timedelta(hours=1), timedelta(minutes=20)]


def test_the_same_as_text_names_what_is_stuck(taken: Path) -> None:
    page = taken.with_name("rehearsal.html")
    answered = ran(f"rehearse {taken} --scale-in 2 --once --timeline --html {page}")
    assert "it works offline" in answered.stderr
    assert "aws ecs update-service --cluster web --service legacy" in page.read_text(encoding="utf-8")
    assert answered.exit_code == 6, answered.output
    assert "service legacy: Minimum healthy percent and maximum percent leave no room" in answered.output
    assert "remedy: aws ecs update-service --cluster web --service legacy" in answered.output
    assert "of legacy: RUNNING when its instance went" in answered.output


def test_without_names_nothing_behaves_otherwise(taken: Path) -> None:
    """Names go, and with them nothing else: the same things happen at the same instants."""
    known = read(taken.read_text(encoding="utf-8"))
    anonymous = read(taken.with_name("anonymous.json").read_text(encoding="utf-8"))
    text = anonymous.written()
    for name in (
        "legacy",
        "web-ecs",
        *known.ec2,
        *(task["taskArn"].rsplit("/", 1)[-1] for task in known.tasks),
    ):
        assert f'"{name}"' not in text
        assert f"/{name}" not in text
    scenario = Scenario(Kind.SCALE_IN, 2)
    told, without = (rehearse(Wanted(each, scenario)) for each in (known, anonymous))
    shapes = [[(event.at - each.began_at, event.kind) for event in each.events] for each in (told, without)]
    assert shapes[0] == shapes[1]
    assert [(end.took, end.outcome) for end in told.drains] == [
        (end.took, end.outcome) for end in without.drains
    ]
    assert [one.kind for one in told.blockers] == [one.kind for one in without.blockers]


REFUSED = [
    ("--scale-in 2 --at-once 1", "2 things are to happen: expected one of --scale-in, --instances"),
    ("", "0 things are to happen"),
    ("--scale-in 9", "`--scale-in` is 9: expected 1 to 3 (MinSize is 0)"),
    ("--at-once 4", "`--at-once` is 4: expected 1 to 3"),
    ("--instances i-0123", "`--instances` is 'i-0123': expected an instance of the snapshot"),
    ("--spot-storm 20%", "no instance of the snapshot is a Spot Instance"),
    ("--spot-storm lots", "`--spot-storm` is 'lots': expected such as 20%"),
    ("--scale-in 1 --asg other", "`--asg` is 'other': expected one of web-ecs"),
    ("--instance-refresh --max-healthy 110", "expected --min-healthy beside it"),
    (
        "--instance-refresh --min-healthy 50 --max-healthy 160",
        "expected at most 150, 100 above --min-healthy",
    ),
    ("--scale-in 1 --what-if web:max", "`--what-if` is 'web:max': expected such as web:max=200"),
    (
        "--scale-in 1 --what-if wbe:max=200",
        "expected a service or group of the snapshot (did you mean web?): legacy, web, web-ecs",
    ),
    ("--scale-in 1 --what-if web:size=2", "`--what-if` changes 'size' of web: expected min, max, desired"),
    ("--scale-in 1 --policy dedline=2h", "max_concurrent_drains (did you mean deadline?)"),
    ("--scale-in 1 --policy deadline=soon", "`--policy deadline` is 'soon': expected a duration"),
    ("--scale-in 1 --start-up web=fast", "`--start-up` is 'web=fast': expected SERVICE=SECONDS"),
    ("--scale-in 1 --start-up web=90..20", "expected SERVICE=SECONDS, or SERVICE=LEAST..MOST such as"),
    ("--scale-in 1 --start-up wbe=90", "a service of legacy, web"),
    ("--scale-in 1 --once --draws 3", "expected --draws or --once, not both"),
]


@pytest.mark.parametrize(("given", "said"), REFUSED, ids=[given for given, _ in REFUSED])
def test_what_cannot_be_rehearsed_is_refused_in_a_sentence(taken: Path, given: str, said: str) -> None:
    answered = ran(f"rehearse {taken} {given}")
    assert answered.exit_code == 2, answered.output
    assert said in answered.output


def test_a_file_that_is_no_snapshot_is_refused(tmp_path: Path) -> None:
    missing, wrong, old = tmp_path / "missing.json", tmp_path / "wrong.json", tmp_path / "old.json"
    wrong.write_text("[1]", encoding="utf-8")
    old.write_text(json.dumps({"format": "ecs-drainer snapshot", "version": 0}), encoding="utf-8")
    for path, said in (
        (missing, "can't be read"),
        (wrong, "this is no snapshot"),
        (old, "expected 1; take it anew"),
    ):
        answered = ran(f"rehearse {path} --scale-in 1")
        assert answered.exit_code == 2
        assert said in answered.output
