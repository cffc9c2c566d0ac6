<?php
/**
 * What the site's owner has chosen, and the secrets, which only wp-config.php or the environment hold.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * One option with everything public in it. A constant wins over it; a secret is never in it.
 */
final class Settings {

	public const OPTION = 'handrail_settings';

	/** Name → constant that wins over the option. */
	private const CONSTANTS = array(
		'backend' => 'HANDRAIL_BACKEND_URL',
		'site_id' => 'HANDRAIL_SITE_ID',
	);

	private const SECRETS = array(
		'webhook'  => 'HANDRAIL_WEBHOOK_SECRET',
		'identity' => 'HANDRAIL_IDENTITY_SECRET',
		'notices'  => 'HANDRAIL_NOTICES_SECRET',
	);

	/**
	 * What a fresh site has.
	 *
	 * @return array<string, mixed>
	 */
	public static function defaults(): array {
		return array(
			'backend'             => '',
			'site_id'             => '',
			'post_types'          => array( 'post', 'page' ),
			'media'               => true,
			'orders'              => true,
			'floating'            => false,
			'title'               => '',
			'greeting'            => '',
			'suggestions'         => '',
			'theme'               => '',
			'privacy_url'         => '',
			'notice_email'        => '',
			'delete_on_uninstall' => false,
		);
	}

	/**
	 * One setting, by name.
	 *
	 * @param string $name As in defaults().
	 * @return mixed
	 */
	public static function get( string $name ) {
		$fixed = isset( self::CONSTANTS[ $name ] ) ? self::from_place( self::CONSTANTS[ $name ] ) : '';
		if ( '' !== $fixed ) {
			return 'backend' === $name ? untrailingslashit( $fixed ) : $fixed;
		}
		$said = get_option( self::OPTION, array() );
		$all  = ( is_array( $said ) ? $said : array() ) + self::defaults();
		return $all[ $name ];
	}

	/**
	 * Whether a constant or the environment decides, so that the page cannot.
	 *
	 * @param string $name A setting.
	 */
	public static function is_fixed( string $name ): bool {
		return isset( self::CONSTANTS[ $name ] ) && '' !== self::from_place( self::CONSTANTS[ $name ] );
	}

	/**
	 * A secret, or '' where there is none.
	 *
	 * @param string $name webhook, identity or notices.
	 */
	public static function secret( string $name ): string {
		return self::from_place( self::SECRETS[ $name ] );
	}

	/**
	 * The constant that holds a secret on this site of the network.
	 *
	 * @param string $name webhook, identity or notices.
	 */
	public static function secret_constant( string $name ): string {
		return self::SECRETS[ $name ] . ( is_multisite() && ! is_main_site() ? '_' . get_current_blog_id() : '' );
	}

	/**
	 * Whether events can be sent at all.
	 */
	public static function is_ready(): bool {
		return '' !== self::get( 'backend' ) && '' !== self::get( 'site_id' ) && '' !== self::secret( 'webhook' );
	}

	/**
	 * Types that visitors can read and that have a REST address: name → label.
	 *
	 * @return array<string, string>
	 */
	public static function possible_types(): array {
		$types = get_post_types(
			array(
				'public'       => true,
				'show_in_rest' => true,
			),
			'objects'
		);
		unset( $types['attachment'] );
		return wp_list_pluck( $types, 'label' );
	}

	/**
	 * The types that are told of, of those that there are.
	 *
	 * @return string[]
	 */
	public static function post_types(): array {
		return array_values( array_intersect( (array) self::get( 'post_types' ), array_keys( self::possible_types() ) ) );
	}

	/**
	 * What a form sent, as it may be kept.
	 *
	 * @param mixed $said The form's fields.
	 * @return array<string, mixed>
	 */
	public static function sanitize( $said ): array {
		$said  = is_array( $said ) ? $said : array();
		$lines = preg_split( '/\R/', sanitize_textarea_field( self::text( $said, 'suggestions' ) ) );
		$theme = self::text( $said, 'theme' );
		$types = array_map( 'sanitize_key', (array) ( $said['post_types'] ?? array() ) );
		return array(
			'title'               => sanitize_text_field( self::text( $said, 'title' ) ),
			'greeting'            => sanitize_text_field( self::text( $said, 'greeting' ) ),
			'backend'             => self::sanitize_backend( self::text( $said, 'backend' ) ),
			'site_id'             => preg_replace( '/[^A-Za-z0-9_.-]/', '', self::text( $said, 'site_id' ) ),
			'post_types'          => array_values( array_intersect( $types, array_keys( self::possible_types() ) ) ),
			'media'               => ! empty( $said['media'] ),
			'orders'              => ! empty( $said['orders'] ),
			'floating'            => ! empty( $said['floating'] ),
			'suggestions'         => implode( "\n", array_slice( array_filter( array_map( 'trim', $lines ) ), 0, 6 ) ),
			'theme'               => in_array( $theme, array( 'light', 'dark' ), true ) ? $theme : '',
			'privacy_url'         => esc_url_raw( self::text( $said, 'privacy_url' ), array( 'http', 'https' ) ),
			'notice_email'        => sanitize_email( self::text( $said, 'notice_email' ) ),
			'delete_on_uninstall' => ! empty( $said['delete_on_uninstall'] ),
		);
	}

	/**
	 * An address without path end, query or user; '' and a message where it is none.
	 *
	 * @param string $said What was typed.
	 */
	private static function sanitize_backend( string $said ): string {
		$url   = untrailingslashit( esc_url_raw( trim( $said ), array( 'http', 'https' ) ) );
		$parts = wp_parse_url( $url );
		$extra = array( 'user', 'pass', 'query', 'fragment' );
		$fits  = '' === $url || ( ! empty( $parts['host'] ) && ! array_intersect_key( $parts, array_flip( $extra ) ) );
		if ( ! $fits && function_exists( 'add_settings_error' ) ) {
			add_settings_error( self::OPTION, 'backend', __( 'The address of Handrail must look like https://support.example.', 'handrail' ) );
		}
		return $fits ? $url : '';
	}

	/**
	 * A field that must be text.
	 *
	 * @param array<string, mixed> $said The form's fields.
	 * @param string               $name One of them.
	 */
	private static function text( array $said, string $name ): string {
		return is_scalar( $said[ $name ] ?? '' ) ? (string) ( $said[ $name ] ?? '' ) : '';
	}

	/**
	 * A constant, or else the environment. A network's other sites have theirs under NAME_{site's number}.
	 *
	 * @param string $constant Its name.
	 */
	private static function from_place( string $constant ): string {
		$own = $constant . '_' . get_current_blog_id();
		// One secret for a whole network would let each site speak for all others.
		$names = is_multisite() && ! is_main_site() ? array( $own ) : array( $own, $constant );
		if ( 'HANDRAIL_BACKEND_URL' === $constant ) {
			$names = array( $own, $constant );
		}
		foreach ( $names as $name ) {
			$value = defined( $name ) ? constant( $name ) : getenv( $name );
			if ( is_string( $value ) && '' !== $value ) {
				return $value;
			}
		}
		return '';
	}
}
