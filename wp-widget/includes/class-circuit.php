<?php
/**
 * When the backend is away, nobody waits for it again and again: all sending rests, and events keep their attempts.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * One option: how often it failed in a row, since when, why, and until when it rests.
 */
final class Circuit {

	public const OPTION     = 'handrail_circuit';
	private const FIRST_S   = 5;
	private const LONGEST_S = 600;
	private const ASKED_S   = HOUR_IN_SECONDS;

	/**
	 * Whether sending rests now.
	 */
	public static function is_open(): bool {
		return self::state()['until'] > time();
	}

	/**
	 * What is known: failures in a row, since, until (seconds since 1970), reason.
	 *
	 * @return array{failures: int, since: int, until: int, reason: string}
	 */
	public static function state(): array {
		$said = get_option( self::OPTION, array() );
		return ( is_array( $said ) ? $said : array() ) + array( 'failures' => 0, 'since' => 0, 'until' => 0, 'reason' => '' );
	}

	/**
	 * The backend did not take an event, whatever event it was.
	 *
	 * @param string $reason Why.
	 * @param int    $asked  Seconds that it asked to wait; 0: it did not say.
	 */
	public static function fail( string $reason, int $asked = 0 ): void {
		$state = self::state();
		$own   = min( self::LONGEST_S, self::FIRST_S * 2 ** min( $state['failures'], 7 ) );
		$wait  = $asked > 0 ? min( $asked, self::ASKED_S ) : $own;
		$new   = array(
			'failures' => $state['failures'] + 1,
			'since'    => $state['since'] ? $state['since'] : time(),
			'until'    => time() + $wait,
			'reason'   => $reason,
		);
		update_option( self::OPTION, $new, false );
	}

	/**
	 * The backend answers; or somebody has changed the settings, so that it may.
	 */
	public static function close(): void {
		if ( self::state()['failures'] > 0 ) {
			update_option( self::OPTION, array(), false );
		}
	}
}
