"""A tree of jobs in the API, the shell and the admin."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.test import Client

from bridge.verbs.jobs import arguments, run
from sync.models import Job
from tests import factories


@pytest.fixture
def three(db: None) -> tuple[Job, Job, Job]:
    top = factories.job(status="success")
    middle = factories.job(parent_id=top.pk, hold="children")
    return top, middle, factories.job(parent_id=middle.pk)


def test_it_is_shown_from_its_topmost_job_on(reader: Client, three: tuple[Job, Job, Job]) -> None:
    for job in three:
        answer = reader.get(f"/api/v1/jobs/{job.pk}/tree").json()

        assert [(item["id"], item["depth"]) for item in answer["items"]] == [
            (str(one.pk), depth) for depth, one in enumerate(three)
        ]
        assert not answer["more"]


def test_an_unknown_job_has_none(reader: Client) -> None:
    assert reader.get(f"/api/v1/jobs/{uuid4()}/tree").status_code == 404


def test_the_shell_prints_it(three: tuple[Job, Job, Job], capsys: pytest.CaptureFixture[str]) -> None:
    from argparse import ArgumentParser

    parser = ArgumentParser()
    arguments(parser)

    assert run(parser.parse_args(["tree", str(three[1].pk)])) == 0
    shown = capsys.readouterr().out
    assert f"    {three[2].pk}" in shown
    assert "pending (children)" in shown
    assert run(parser.parse_args(["tree", str(three[1].pk), "--json"])) == 0
    assert len(json.loads(capsys.readouterr().out)["items"]) == 3


def test_a_jobs_page_has_it(three: tuple[Job, Job, Job]) -> None:
    viewer = Client(headers={"accept": "text/html"})
    viewer.force_login(factories.viewer())

    page = viewer.get(f"/admin/sync/job/{three[1].pk}/change/").content.decode()

    assert "Parents and children" in page
    assert all(str(job.pk) in page for job in three)
