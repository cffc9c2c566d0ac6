<?php
/**
 * So many calls in a minute by one caller, and no more.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Counted in transients: in memory where the site has an object cache.
 */
final class Throttle {

	/**
	 * Count a call. Returns the 429 to answer with, or null where it may go on.
	 *
	 * @param string $name What is called, and by whom, where that is known: behind a proxy all have one address.
	 * @param int    $most Calls in a minute.
	 */
	public static function check( string $name, int $most ): ?\WP_Error {
		$minute = intdiv( time(), MINUTE_IN_SECONDS );
		$key    = 'handrail_calls_' . substr( wp_hash( "$name|$minute" ), 0, 20 );
		$count  = (int) get_transient( $key ) + 1;
		set_transient( $key, $count, 2 * MINUTE_IN_SECONDS );
		if ( $count <= $most ) {
			return null;
		}
		$wait = MINUTE_IN_SECONDS - time() % MINUTE_IN_SECONDS;
		return new \WP_Error( 'handrail_too_many', __( 'Too many calls: try again in a minute.', 'handrail' ), array( 'status' => 429, 'wait' => $wait ) );
	}
}
