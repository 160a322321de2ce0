"""A strict, independent reader and evaluator of Splunk SPL, for the tests alone.

Text of a search goes in; a tree, and which events survive, come out. It is written from Splunk's
documentation and shares no code with the package under test, so that an error in the back end is
not repeated here. What the documentation does not settle is refused, not guessed:

* ``SplSyntaxError``: malformed, or legal but surely a mistake;
* ``Doubtful``: the outcome for this event hangs on something that Splunk does not document;
* ``NotEvaluated``: well formed, but outside what is evaluated here.

| module | from → to | |---|---| | ``reader`` | text → ``Pipeline``; over ``cursor``,
``search_reader``, ``eval_reader``, ``commands`` | | ``nodes``, ``eval_nodes`` | the tree;
``signatures`` knows the functions | | ``evaluator`` | ``Pipeline`` × events → events; over
``search_terms`` and ``expressions`` | | ``functions``, ``conditions``, ``multivalue`` | values →
value or outcome, as in ``values`` | | ``events`` | JSON object → event with the field names that
Splunk would give | | ``regexes``, ``times`` | PCRE → ``re``; Splunk's time formats | | ``samples``,
``verdicts`` | what the tests of this package share |

No Splunk server was at hand when this was written. Each rule carries the address of the page that
states it; what is believed without a page is marked "unverified".
"""
