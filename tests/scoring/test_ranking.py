"""A rank among other agencies: one more than those strictly above, ties share, and how far it is to the next."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.ranking import as_published, rank_of, read_peers, split_lines, standing

indexes = st.decimals(min_value=0, max_value=100, places=2)
peers = st.lists(indexes, max_size=40)


@given(indexes, peers)
def test_rank_counts_those_strictly_above(index, others):
    found = standing(index, others)
    # Said another way: the place of the first equal one in the list from the top.
    assert found.rank == sorted([index, *others], reverse=True).index(index) + 1
    assert found.agencies == len(others) + 1
    assert found.tied == others.count(index)


@given(indexes, peers)
def test_the_gap_is_just_enough_for_the_next_rank(index, others):
    found = standing(index, others)
    if found.gap is None:
        assert found.rank == 1
        return
    assert found.gap > 0
    assert rank_of(index + found.gap, others) == found.next_rank < found.rank
    # A hundredth less changes nothing: the figures have two decimals.
    assert rank_of(index + found.gap - Decimal("0.01"), others) == found.rank


@given(indexes, indexes, peers)
def test_more_points_never_give_a_worse_rank(one, two, others):
    low, high = sorted((one, two))
    assert standing(high, others).rank <= standing(low, others).rank


@given(peers, st.randoms())
def test_the_order_of_the_table_does_not_matter(others, random):
    mixed = list(others)
    random.shuffle(mixed)
    assert standing(Decimal(50), mixed) == standing(Decimal(50), others)


def test_ties_share_a_rank():
    others = [Decimal(n) for n in ("80", "75.5", "75.5", "70.69", "60")]
    assert standing(Decimal("75.5"), others).rank == 2
    assert standing(Decimal("75.5"), others).tied == 2
    below = standing(Decimal("70.69"), others)
    assert (below.rank, below.next_rank, below.gap) == (4, 2, Decimal("4.81"))
    first = standing(Decimal(90), others)
    assert (first.rank, first.gap, first.next_rank) == (1, None, None)
    assert standing(Decimal(90), []).agencies == 1


def test_ours_is_compared_as_it_would_be_published():
    third = Fraction(211, 3)  # 70,333…
    assert as_published(third) == Decimal("70.33")
    assert standing(third, [Decimal("70.33")]).rank == 1
    # Where theirs have more decimals, ours has them too.
    assert standing(third, [Decimal("70.333"), Decimal("70.3334")]).gap == Decimal("0.0001")


@pytest.mark.parametrize(
    "text",
    [
        "Sở Nội vụ\t85,20\nSở Tài chính\t70,69",
        "Sở Nội vụ;85.20\nSở Tài chính;70,69",
        "STT\tCơ quan\tChỉ số\n1\tSở Nội vụ\t85,20\r\n2\tSở Tài chính\t70,69%\n\n",
        "Tên cơ quan;Chỉ số\nSở Nội vụ ; 85,2\n Sở  Tài chính;70,69",
    ],
)
def test_tables_as_people_paste_them(text):
    found = read_peers(split_lines(text))
    assert not found.faults
    assert found.found == {"Sở Nội vụ": Decimal("85.2"), "Sở Tài chính": Decimal("70.69")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sở Nội vụ", "chưa có chỉ số"),
        ("Sở Nội vụ;tám mươi", "không phải là số"),
        ("Sở Nội vụ;70,12345", "bốn chữ số thập phân"),
        ("Sở Nội vụ;850", "thang 100"),
        ("Sở Nội vụ;70,1;3", "có 2 cột"),
        ("1;70,1", "thiếu tên cơ quan"),
        ("Sở Nội vụ;70\nSO NOI VU;71", "đã có ở dòng 1"),
        (f"{'a' * 201};70", "dài quá 200"),
    ],
)
def test_what_is_wrong_is_said_by_line(text, words):
    found = read_peers(split_lines(text))
    assert words in str(found.faults[0])
    assert found.faults[0].line == text.count("\n") + 1


def test_our_own_line_is_set_apart():
    found = read_peers(split_lines("Sở SGDDT;70,69\nSở Nội vụ;80"), own_name="sở sgddt")
    assert found.own == Decimal("70.69")
    assert list(found.found) == ["Sở Nội vụ"]
