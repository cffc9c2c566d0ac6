<?php
/**
 * Signatures, ours and the backend's: pure functions.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * HMAC-SHA256 in three shapes: our webhooks, Standard Webhooks, and JWT.
 */
final class Signature {

	public const WINDOW_S = 300;

	/**
	 * The headers that vouch for a body that we send.
	 *
	 * @param string $body   The raw body.
	 * @param string $key    The event's id, which the body has, too.
	 * @param string $secret The webhook secret.
	 * @param int    $now    Seconds since 1970.
	 * @return array<string, string>
	 */
	public static function headers( string $body, string $key, string $secret, int $now ): array {
		return array(
			'Content-Type'    => 'application/json',
			'X-WP-Timestamp'  => (string) $now,
			'X-WP-Signature'  => hash_hmac( 'sha256', "$now.$body", $secret ),
			'Idempotency-Key' => $key,
		);
	}

	/**
	 * Whether a notice is the backend's: Standard Webhooks, several signatures, five minutes both ways.
	 *
	 * @param string $id        Header webhook-id.
	 * @param string $timestamp Header webhook-timestamp.
	 * @param string $given     Header webhook-signature.
	 * @param string $body      The raw body.
	 * @param string $secret    whsec_…
	 * @param int    $now       Seconds since 1970.
	 */
	public static function is_standard( string $id, string $timestamp, string $given, string $body, string $secret, int $now ): bool {
		$key = base64_decode( preg_replace( '/^whsec_/', '', $secret ), true ); // phpcs:ignore -- the standard's own encoding.
		if ( ! $key || '' === $id || ! preg_match( '/^\d{1,12}$/D', $timestamp ) || abs( $now - (int) $timestamp ) > self::WINDOW_S ) {
			return false;
		}
		$expected = 'v1,' . base64_encode( hash_hmac( 'sha256', "$id.$timestamp.$body", $key, true ) ); // phpcs:ignore -- as above.
		$fits     = false;
		foreach ( explode( ' ', $given ) as $one ) {
			$fits = hash_equals( $expected, $one ) || $fits;
		}
		return $fits;
	}

	/**
	 * A JWT (HS256) that says who a visitor is.
	 *
	 * @param array<string, mixed> $claims What it says.
	 * @param string               $secret The identity secret.
	 */
	public static function jwt( array $claims, string $secret ): string {
		$head = self::url_safe( (string) wp_json_encode( array( 'alg' => 'HS256', 'typ' => 'JWT' ) ) );
		$body = self::url_safe( (string) wp_json_encode( $claims ) );
		return "$head.$body." . self::url_safe( hash_hmac( 'sha256', "$head.$body", $secret, true ) );
	}

	/**
	 * A ticket with which this site calls itself.
	 *
	 * @param int $until Seconds since 1970 after which it is worth nothing.
	 */
	public static function ticket( int $until ): string {
		return $until . '.' . hash_hmac( 'sha256', "handrail-send.$until." . get_current_blog_id(), wp_salt( 'auth' ) );
	}

	/**
	 * Whether a ticket is ours and still good.
	 *
	 * @param string $ticket As ticket() wrote it.
	 */
	public static function is_ticket( string $ticket ): bool {
		// Not (int) $ticket: where the signature begins like "6e5", PHP reads "1795376079.6e5…" as a power of ten.
		$until = (int) explode( '.', $ticket, 2 )[0];
		return $until >= time() && hash_equals( self::ticket( $until ), $ticket );
	}

	/**
	 * Base64 as URLs and JWT have it.
	 *
	 * @param string $bytes Any.
	 */
	private static function url_safe( string $bytes ): string {
		return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' ); // phpcs:ignore -- JWT's own encoding.
	}
}
