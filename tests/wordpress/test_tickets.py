"""The ticket by which the site calls itself to send what waits: every one that it writes is one that it takes."""

import pytest

from ops.wordpress.demo import PLUGIN, SLUG
from ops.wordpress.site import Site

pytestmark = [pytest.mark.xdist_group("wordpress")]
TICKETS = """
use Handrail\\Signature;
$refused = 0;
for ( $second = 1; $second <= 2000; $second++ ) {
    $refused += Signature::is_ticket( Signature::ticket( time() + $second ) ) ? 0 : 1;
}
$old  = Signature::ticket( time() - 1 );
$more = ( time() + 99 ) . strstr( Signature::ticket( time() + 5 ), '.' );
$taken = array_map( array( Signature::class, 'is_ticket' ), array( $old, $more, '' ) );
echo wp_json_encode( array( $refused, ...$taken ) );
"""


def test_each_ticket_is_taken_and_no_other(wordpress: Site) -> None:
    wordpress.add_plugin(PLUGIN, SLUG)
    assert wordpress.php(TICKETS) == "[0,false,false,false]"
