<?php
/**
 * Site Health: is all in order, and if not, what to do.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Tests look at what is known; none of them waits for the backend.
 */
final class Site_Health {

	private const LATE_S = 10 * MINUTE_IN_SECONDS;

	/** Join in. */
	public static function hook(): void {
		add_filter( 'site_status_tests', array( self::class, 'add_tests' ) );
		add_filter( 'debug_information', array( self::class, 'add_information' ) );
	}

	/**
	 * Ours, to the list.
	 *
	 * @param array<string, mixed> $tests What there is.
	 * @return array<string, mixed>
	 */
	public static function add_tests( array $tests ): array {
		$tests['direct']['handrail_settings'] = array( 'label' => __( 'Handrail is set up', 'handrail' ), 'test' => array( self::class, 'test_settings' ) );
		$tests['direct']['handrail_queue']    = array( 'label' => __( 'Handrail hears of changes', 'handrail' ), 'test' => array( self::class, 'test_queue' ) );
		return $tests;
	}

	/** Address, name and secret are there, and nothing travels in the clear. */
	public static function test_settings(): array {
		if ( ! Settings::is_ready() ) {
			return self::result( 'handrail_settings', 'recommended', __( 'Handrail is not set up yet', 'handrail' ), __( 'Changes of this site are not told, so that the chat cannot answer from them.', 'handrail' ) );
		}
		if ( ! str_starts_with( Settings::get( 'backend' ), 'https://' ) && ! Backend::is_private() ) {
			return self::result( 'handrail_settings', 'critical', __( 'Handrail is reached without encryption', 'handrail' ), __( 'Its address must begin with https://, because visitors write to it and tokens are sent to it.', 'handrail' ) );
		}
		return self::result( 'handrail_settings', 'good', __( 'Handrail is set up', 'handrail' ), __( 'The address, the name of the site and the webhook secret are there.', 'handrail' ) );
	}

	/** Nothing is stuck. */
	public static function test_queue(): array {
		$counts = Queue::counts();
		$state  = Circuit::state();
		if ( $counts['oldest'] && time() - $counts['oldest'] > self::LATE_S ) {
			/* translators: 1: how many events, 2: the reason. */
			$text = sprintf( __( '%1$d events wait. %2$s', 'handrail' ), $counts['waiting'], $state['reason'] ? $state['reason'] : __( 'Is WP-Cron running?', 'handrail' ) );
			return self::result( 'handrail_queue', 'critical', __( 'Handrail does not hear of changes', 'handrail' ), $text );
		}
		if ( $counts['dead'] ) {
			/* translators: %d: how many events. */
			$text = sprintf( _n( '%d event could not be told.', '%d events could not be told.', $counts['dead'], 'handrail' ), $counts['dead'] );
			return self::result( 'handrail_queue', 'recommended', __( 'Handrail has not heard of everything', 'handrail' ), $text );
		}
		return self::result( 'handrail_queue', 'good', __( 'Handrail hears of changes', 'handrail' ), __( 'Nothing is stuck.', 'handrail' ) );
	}

	/**
	 * Facts for whoever helps; no secrets.
	 *
	 * @param array<string, mixed> $sections What there is.
	 * @return array<string, mixed>
	 */
	public static function add_information( array $sections ): array {
		$counts = Queue::counts();
		$test   = get_option( Connection::OPTION, array() );
		$is_set = static fn( string $name ): string => '' !== Settings::secret( $name ) ? __( 'set', 'handrail' ) : __( 'missing', 'handrail' );
		$facts  = array(
			'version'    => array( __( 'Version', 'handrail' ), VERSION ),
			'backend'    => array( __( 'Address', 'handrail' ), Settings::get( 'backend' ) ),
			'site_id'    => array( __( 'Site', 'handrail' ), Settings::get( 'site_id' ) ),
			'webhook'    => array( __( 'Webhook secret', 'handrail' ), $is_set( 'webhook' ) ),
			'identity'   => array( __( 'Identity secret', 'handrail' ), $is_set( 'identity' ) ),
			'notices'    => array( __( 'Notices secret', 'handrail' ), $is_set( 'notices' ) ),
			'types'      => array( __( 'Types', 'handrail' ), implode( ', ', Settings::post_types() ) ),
			'waiting'    => array( __( 'Events that wait', 'handrail' ), $counts['waiting'] ),
			'dead'       => array( __( 'Events that could not be told', 'handrail' ), $counts['dead'] ),
			'last_error' => array( __( 'Last problem', 'handrail' ), Circuit::state()['reason'] ),
			'connection' => array( __( 'Last connection test', 'handrail' ), empty( $test['at'] ) ? '' : gmdate( 'c', $test['at'] ) . ( $test['ok'] ? ' ok' : ' failed' ) ),
		);
		$sections['handrail'] = array(
			'label'  => 'Handrail',
			'fields' => array_map( static fn( array $fact ): array => array( 'label' => $fact[0], 'value' => $fact[1] ), $facts ),
		);
		return $sections;
	}

	/**
	 * In the shape that Site Health has.
	 *
	 * @param string $test   Its name.
	 * @param string $status good, recommended or critical.
	 * @param string $label  In a line.
	 * @param string $text   In a paragraph.
	 * @return array<string, mixed>
	 */
	private static function result( string $test, string $status, string $label, string $text ): array {
		$link = '<a href="' . esc_url( Admin::url() ) . '">' . esc_html__( 'Handrail settings', 'handrail' ) . '</a>';
		return array(
			'label'       => $label,
			'status'      => $status,
			'badge'       => array( 'label' => 'Handrail', 'color' => 'blue' ),
			'description' => '<p>' . esc_html( $text ) . '</p>',
			'actions'     => 'good' === $status ? '' : "<p>$link</p>",
			'test'        => $test,
		);
	}
}
