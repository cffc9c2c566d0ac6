<?php
/**
 * Says to the chat who is logged in, as a signed token; asked for when the chat opens, never printed into a page.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Pages may lie in a cache, so there is no nonce in them. What keeps other sites out instead: the browser's own word on
 * where the call comes from, and no CORS header on the answer, so that no other site can read it.
 */
final class Identity {

	private const LIFE_S = 600;
	private const MOST   = 30;

	/**
	 * Only from this site's own pages.
	 *
	 * @param \WP_REST_Request $request The call.
	 */
	public static function permit( \WP_REST_Request $request ): bool {
		$home   = wp_parse_url( home_url() );
		$own    = $home['scheme'] . '://' . $home['host'] . ( isset( $home['port'] ) ? ':' . $home['port'] : '' );
		$origin = (string) $request->get_header( 'origin' );
		$site   = (string) $request->get_header( 'sec_fetch_site' );
		$is_own = $origin === $own && in_array( $site, array( '', 'same-origin' ), true );
		return $is_own && '1' === $request->get_header( 'x_handrail' );
	}

	/**
	 * The token, or null for a guest.
	 *
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function answer() {
		$secret = Settings::secret( 'identity' );
		$user   = self::user();
		if ( '' === $secret || ! $user || ! is_email( $user->user_email ) ) {
			return new \WP_REST_Response( array( 'token' => null ) );
		}
		$refused = Throttle::check( "identity|$user->ID", self::MOST );
		if ( $refused ) {
			return $refused;
		}
		$claims = array(
			'email' => $user->user_email,
			'iat'   => time(),
			'exp'   => time() + self::LIFE_S,
		);
		return new \WP_REST_Response( array( 'token' => Signature::jwt( $claims, $secret ) ) );
	}

	/**
	 * WordPress lets REST answers be read by any site that asks, with cookies. Not this one.
	 *
	 * @param bool              $served  Whether it was answered already, which is passed on.
	 * @param \WP_HTTP_Response $result  The answer.
	 * @param \WP_REST_Request  $request The call.
	 */
	public static function keep_to_ourselves( $served, $result, \WP_REST_Request $request ) {
		if ( '/' . Routes::SPACE . '/identity' === $request->get_route() && ! headers_sent() ) {
			header_remove( 'Access-Control-Allow-Origin' );
			header_remove( 'Access-Control-Allow-Credentials' );
		}
		return $served;
	}

	/**
	 * Who is logged in, by the cookie: without a nonce WordPress itself takes a REST caller for a guest.
	 */
	private static function user(): ?\WP_User {
		$id   = wp_validate_auth_cookie( '', 'logged_in' );
		$user = $id ? get_userdata( $id ) : false;
		return $user instanceof \WP_User ? $user : null;
	}
}
