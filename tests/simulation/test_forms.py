"""Forms are read as a browser without JavaScript reads them."""

from app.simulation.forms import Form, find_form, forms_of

PAGE = """
<form action="/search"><input name="q" value="a&amp;b"></form>
<input name="outside" value="1">
<form method="post" action="/rate/example/ratings">
  <input type="hidden" name="csrf" value="abc">
  <input type="radio" name="score" value="1"><input type="radio" name="score" value="2" checked>
  <input type="checkbox" name="agree">
  <input type="text" name="empty">
  <input type="submit">
</form>
"""


def test_fields_belong_to_their_form_and_only_chosen_ones_are_sent() -> None:
    assert forms_of(PAGE) == [
        Form("/search", {"q": "a&b"}),
        Form("/rate/example/ratings", {"csrf": "abc", "score": "2", "empty": ""}),
    ]


def test_a_form_is_found_by_where_it_leads() -> None:
    found = find_form(PAGE, "/ratings")
    assert found is not None
    assert found.fields["csrf"] == "abc"
    assert find_form(PAGE, "/consent") is None
