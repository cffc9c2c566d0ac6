<?php
/**
 * The connection test: is the backend there, does it know the secret, does it carry out what it is told.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Steps from the outside in; the first that fails says what to do.
 */
final class Connection {

	public const OPTION = 'handrail_connection';
	public const SCHEMA = array(
		'ok'    => array( 'type' => 'boolean' ),
		'at'    => array( 'type' => 'integer' ),
		'steps' => array(
			'type'  => 'array',
			'items' => array(
				'type'       => 'object',
				'properties' => array(
					'name'   => array( 'type' => 'string' ),
					'ok'     => array( 'type' => 'boolean' ),
					'detail' => array( 'type' => 'string' ),
				),
			),
		),
	);

	/** By REST. */
	public static function answer(): \WP_REST_Response {
		return new \WP_REST_Response( self::test() );
	}

	/**
	 * Run the steps, and remember what came of them.
	 *
	 * @return array{ok: bool, at: int, steps: array<int, array{name: string, ok: bool, detail: string}>}
	 */
	public static function test(): array {
		$steps = array();
		foreach ( array( 'settings', 'reach', 'ping', 'carried', 'origin' ) as $name ) {
			$step    = self::$name( $steps );
			$steps[] = $step;
			if ( ! $step['ok'] ) {
				break;
			}
		}
		$found = array( 'ok' => end( $steps )['ok'], 'at' => time(), 'steps' => $steps );
		update_option( self::OPTION, $found, false );
		if ( $found['ok'] ) {
			Circuit::close();
			Sender::wake();
		}
		return $found;
	}

	/** Is everything filled in? */
	private static function settings(): array {
		$missing = array_filter(
			array(
				'' === Settings::get( 'backend' ) ? __( 'the address of Handrail', 'handrail' ) : '',
				'' === Settings::get( 'site_id' ) ? __( 'the name of this site in Handrail', 'handrail' ) : '',
				'' === Settings::secret( 'webhook' ) ? Settings::secret_constant( 'webhook' ) : '',
			)
		);
		/* translators: %s: a list of what is missing. */
		$detail = $missing ? sprintf( __( 'Missing: %s.', 'handrail' ), implode( ', ', $missing ) ) : '';
		return self::step( __( 'Settings', 'handrail' ), ! $missing, $detail );
	}

	/** Does it answer? */
	private static function reach(): array {
		$answer = Backend::call( 'GET', '/healthz' );
		$hint   = __( 'Check the address. A backend on a private address or an unusual port needs HANDRAIL_PRIVATE_BACKEND in wp-config.php.', 'handrail' );
		return self::step( __( 'Handrail answers', 'handrail' ), 200 === $answer['status'], $answer['reason'] . ' ' . $hint );
	}

	/** Does it take an event from us? */
	private static function ping(): array {
		$answer = Backend::tell( wp_generate_uuid4(), 'site.ping', 'site:' . get_current_blog_id(), time(), wp_get_current_user()->user_login, Content::describe( 'site.ping', 'site:1' )[1] );
		$said   = $answer['reason'];
		if ( 401 === $answer['status'] ) {
			$said .= ' ' . __( 'The secret or the name of the site is not what Handrail has, or the clocks differ by more than five minutes.', 'handrail' );
		}
		return self::step( __( 'Signed events are taken', 'handrail' ), 202 === $answer['status'], $said ) + array( 'id' => $answer['body']['id'] ?? '' );
	}

	/**
	 * Does a worker carry it out?
	 *
	 * @param array<int, array<string, mixed>> $steps What came before.
	 */
	private static function carried( array $steps ): array {
		$id    = (string) end( $steps )['id'];
		$state = '';
		for ( $tries = 0; $tries < 10 && 'done' !== $state && wp_is_uuid( $id ); $tries++ ) {
			usleep( 200000 );
			$state = (string) ( Backend::call( 'GET', "/webhooks/wordpress/$id" )['body']['state'] ?? '' );
		}
		/* translators: %s: the state of an event, such as "pending". */
		$detail = sprintf( __( 'The event is taken, but not carried out (%s): is a worker running?', 'handrail' ), $state );
		return self::step( __( 'Events are carried out', 'handrail' ), 'done' === $state, $detail );
	}

	/** May visitors' browsers talk to it from this site? */
	private static function origin(): array {
		$parts  = wp_parse_url( home_url() );
		$origin = $parts['scheme'] . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
		$asked  = array(
			'Origin'                         => $origin,
			'Access-Control-Request-Method'  => 'POST',
			'Access-Control-Request-Headers' => 'content-type',
		);
		$answer = Backend::call( 'OPTIONS', '/api/agent/session', $asked );
		$same   = str_starts_with( Settings::get( 'backend' ) . '/', $origin . '/' );
		/* translators: 1: this site's id in Handrail, 2: its origin, such as https://shop.example. */
		$detail = sprintf( __( 'Allow this site in Handrail: `handrail site origins %1$s %2$s`, or add it to HANDRAIL_ALLOWED_ORIGINS there.', 'handrail' ), Settings::get( 'site_id' ), $origin );
		return self::step( __( 'Browsers may use it from this site', 'handrail' ), $same || in_array( $answer['origin'], array( $origin, '*' ), true ), $detail );
	}

	/**
	 * A step; what to do is said only where it failed.
	 *
	 * @param string $name   What is tested.
	 * @param bool   $ok     Whether it is as it should be.
	 * @param string $detail What to do if not.
	 * @return array{name: string, ok: bool, detail: string}
	 */
	private static function step( string $name, bool $ok, string $detail ): array {
		return array( 'name' => $name, 'ok' => $ok, 'detail' => $ok ? '' : trim( $detail ) );
	}
}
