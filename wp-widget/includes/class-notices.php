<?php
/**
 * Takes notices from the backend (a new ticket, a visitor who waits for a person) and shows them in wp-admin.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Signed as Standard Webhooks; each key counts once; the newest fifty are kept.
 */
final class Notices {

	public const OPTION      = 'handrail_notices';
	private const KEPT       = 50;
	private const KEYS_KEPT  = 500;
	private const BODY_MAX   = 65536;
	private const MOST       = 240;
	private const TEXTS      = array( 'type', 'subject', 'priority', 'reason', 'thread' );

	/** Join in. */
	public static function hook(): void {
		add_action( 'admin_notices', array( self::class, 'show' ) );
		add_action( 'admin_post_handrail_seen', array( self::class, 'mark_seen' ) );
	}

	/**
	 * Only the backend may.
	 *
	 * @param \WP_REST_Request $request The call.
	 */
	public static function permit( \WP_REST_Request $request ): bool {
		$header = static fn( string $name ): string => (string) $request->get_header( $name );
		$secret = Settings::secret( 'notices' );
		return '' !== $secret && strlen( $request->get_body() ) <= self::BODY_MAX && Signature::is_standard(
			$header( 'webhook_id' ),
			$header( 'webhook_timestamp' ),
			$header( 'webhook_signature' ),
			$request->get_body(),
			$secret,
			time()
		);
	}

	/**
	 * Keep it, unless its key is known.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function receive( \WP_REST_Request $request ) {
		$refused = Throttle::check( 'notices', self::MOST );
		if ( $refused ) {
			return $refused;
		}
		$said = json_decode( $request->get_body(), true, 8 );
		if ( ! is_array( $said ) || ! is_string( $said['type'] ?? null ) ) {
			return new \WP_Error( 'handrail_no_notice', __( 'This is no notice.', 'handrail' ), array( 'status' => 400 ) );
		}
		if ( ( $said['site'] ?? '' ) !== Settings::get( 'site_id' ) ) {
			return new \WP_Error( 'handrail_other_site', __( 'This notice is for another site.', 'handrail' ), array( 'status' => 400 ) );
		}
		$key  = (string) $request->get_header( 'webhook_id' );
		$kept = self::kept();
		if ( in_array( $key, $kept['keys'], true ) ) {
			return new \WP_REST_Response( array( 'state' => 'known' ) );
		}
		$notice = self::clean( $said );
		array_unshift( $kept['notices'], $notice );
		$kept['keys'][] = $key;
		update_option(
			self::OPTION,
			array(
				'notices' => array_slice( $kept['notices'], 0, self::KEPT ),
				'keys'    => array_slice( $kept['keys'], -self::KEYS_KEPT ),
			),
			false
		);
		self::mail( $notice );
		/**
		 * Fires when a notice has come from Handrail.
		 *
		 * @param array $notice type, number, subject, priority, reason, thread, at.
		 */
		do_action( 'handrail_notice', $notice );
		return new \WP_REST_Response( array( 'state' => 'accepted' ), 202 );
	}

	/**
	 * All that are kept, newest first.
	 *
	 * @return array<int, array<string, mixed>>
	 */
	public static function all(): array {
		return self::kept()['notices'];
	}

	/**
	 * One line for a person; not escaped.
	 *
	 * @param array<string, mixed> $notice As kept.
	 */
	public static function line( array $notice ): string {
		$number = $notice['number'];
		switch ( $notice['type'] ) {
			case 'ticket.opened':
				/* translators: 1: a ticket's number, 2: its subject. */
				return sprintf( __( 'Ticket %1$d was opened: %2$s', 'handrail' ), $number, $notice['subject'] );
			case 'handoff.queued':
				/* translators: %s: why. */
				return sprintf( __( 'A visitor waits for a person: %s', 'handrail' ), $notice['reason'] );
			case 'index.stale':
			case 'index.empty':
				/* translators: %s: why. */
				return sprintf( __( 'The knowledge is out of date: %s', 'handrail' ), $notice['reason'] );
		}
		return trim( $notice['type'] . ': ' . $notice['subject'] . ' ' . $notice['reason'] );
	}

	/** In wp-admin: what nobody has looked at yet. */
	public static function show(): void {
		$new = current_user_can( 'manage_options' ) ? array_filter( self::all(), static fn( array $notice ): bool => ! $notice['seen'] ) : array();
		if ( ! $new ) {
			return;
		}
		echo '<div class="notice notice-info"><p><strong>' . esc_html__( 'Handrail', 'handrail' ) . '</strong></p><ul>';
		foreach ( array_slice( $new, 0, 5 ) as $notice ) {
			echo '<li>' . esc_html( self::line( $notice ) ) . '</li>';
		}
		echo '</ul><form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '"><p>';
		wp_nonce_field( 'handrail_seen' );
		echo '<input type="hidden" name="action" value="handrail_seen">';
		/* translators: %d: how many notices. */
		submit_button( sprintf( _n( 'Seen (%d)', 'All seen (%d)', count( $new ), 'handrail' ), count( $new ) ), 'secondary', 'submit', false );
		echo '</p></form></div>';
	}

	/** Somebody has looked. */
	public static function mark_seen(): void {
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not do this.', 'handrail' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( 'handrail_seen' );
		$kept            = self::kept();
		$kept['notices'] = array_map( static fn( array $notice ): array => array( 'seen' => true ) + $notice, $kept['notices'] );
		update_option( self::OPTION, $kept, false );
		wp_safe_redirect( wp_get_referer() ? wp_get_referer() : admin_url() );
		exit;
	}

	/**
	 * What is in the option.
	 *
	 * @return array{notices: array<int, array<string, mixed>>, keys: string[]}
	 */
	private static function kept(): array {
		$said = get_option( self::OPTION, array() );
		return ( is_array( $said ) ? $said : array() ) + array( 'notices' => array(), 'keys' => array() );
	}

	/**
	 * Of what came, what we know, as text.
	 *
	 * @param array<string, mixed> $said The body.
	 * @return array<string, mixed>
	 */
	private static function clean( array $said ): array {
		$notice = array( 'number' => is_int( $said['number'] ?? null ) ? $said['number'] : 0, 'at' => time(), 'seen' => false );
		foreach ( self::TEXTS as $name ) {
			$text            = is_string( $said[ $name ] ?? null ) ? $said[ $name ] : '';
			$notice[ $name ] = mb_substr( sanitize_text_field( $text ), 0, 300 );
		}
		return $notice;
	}

	/**
	 * Tell by e-mail too, if somebody is to be told.
	 *
	 * @param array<string, mixed> $notice As kept.
	 */
	private static function mail( array $notice ): void {
		$to = Settings::get( 'notice_email' );
		if ( '' !== $to ) {
			/* translators: %s: the site's name. */
			$subject = sprintf( __( '[%s] A notice from the support chat', 'handrail' ), wp_specialchars_decode( get_bloginfo( 'name' ), ENT_QUOTES ) );
			wp_mail( $to, $subject, self::line( $notice ) . "\n\n" . admin_url( 'options-general.php?page=handrail' ) . "\n" );
		}
	}
}
