<?php
/**
 * Personal data: what this plugin keeps of a person, how it is exported and erased, and words for the privacy policy.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Here lie only login names beside events. Conversations lie with the backend, and the eraser says so.
 */
final class Privacy {

	private const PAGE = 100;

	/** Join in. */
	public static function hook(): void {
		add_filter( 'wp_privacy_personal_data_exporters', array( self::class, 'add_exporter' ) );
		add_filter( 'wp_privacy_personal_data_erasers', array( self::class, 'add_eraser' ) );
		add_action( 'admin_init', array( self::class, 'suggest_policy' ) );
	}

	/**
	 * Ours, to the list.
	 *
	 * @param array<string, mixed> $exporters What there is.
	 * @return array<string, mixed>
	 */
	public static function add_exporter( array $exporters ): array {
		$exporters['handrail'] = array(
			'exporter_friendly_name' => __( 'Handrail', 'handrail' ),
			'callback'               => array( self::class, 'export' ),
		);
		return $exporters;
	}

	/**
	 * Ours, to the list.
	 *
	 * @param array<string, mixed> $erasers What there is.
	 * @return array<string, mixed>
	 */
	public static function add_eraser( array $erasers ): array {
		$erasers['handrail'] = array(
			'eraser_friendly_name' => __( 'Handrail', 'handrail' ),
			'callback'             => array( self::class, 'erase' ),
		);
		return $erasers;
	}

	/**
	 * The events that a person caused.
	 *
	 * @param string $email Whose.
	 * @param int    $page  From 1.
	 * @return array{data: array<int, mixed>, done: bool}
	 */
	public static function export( string $email, int $page = 1 ): array {
		$rows = self::rows( $email, self::PAGE, ( $page - 1 ) * self::PAGE );
		$item = static fn( object $row ): array => array(
			'group_id'    => 'handrail-events',
			'group_label' => __( 'Changes told to Handrail', 'handrail' ),
			'item_id'     => 'handrail-event-' . $row->id,
			'data'        => array(
				array( 'name' => __( 'Login name', 'handrail' ), 'value' => $row->actor ),
				array( 'name' => __( 'Event', 'handrail' ), 'value' => $row->event . ' ' . $row->subject ),
				array( 'name' => __( 'Time', 'handrail' ), 'value' => gmdate( 'c', (int) $row->occurred_at ) ),
			),
		);
		return array( 'data' => array_map( $item, $rows ), 'done' => count( $rows ) < self::PAGE );
	}

	/**
	 * Take a person's name off the events.
	 *
	 * @param string $email Whose.
	 * @return array{items_removed: int, items_retained: bool, messages: string[], done: bool}
	 */
	public static function erase( string $email ): array {
		global $wpdb;
		$login = self::login( $email );
		Schema::ensure();
		$count = '' === $login ? 0 : (int) $wpdb->update( Schema::events(), array( 'actor' => '' ), array( 'actor' => $login ) );
		/* translators: %s: an e-mail address. */
		$kept = sprintf( __( 'Conversations, tickets and orders of %s are kept by Handrail itself: they have to be erased there.', 'handrail' ), $email );
		return array(
			'items_removed'  => $count,
			'items_retained' => '' !== Settings::get( 'backend' ),
			'messages'       => '' !== Settings::get( 'backend' ) ? array( $kept ) : array(),
			'done'           => true,
		);
	}

	/** Words for the site's privacy policy. */
	public static function suggest_policy(): void {
		$lines = array(
			__( 'Our support chat is answered by an AI system that reads the public pages of this site, and by our staff.', 'handrail' ),
			__( 'What you write in the chat is sent to our support system and kept there. If you are logged in and open the chat, it is told your e-mail address, so that it can find your orders. It keeps a key to your conversation in your browser (local storage), and nothing before you open the chat.', 'handrail' ),
			__( 'Orders (number, state, items, shipping and e-mail address) are sent to the support system so that it can answer questions about them.', 'handrail' ),
			__( 'The name of the employee who changes a page is sent along with the change.', 'handrail' ),
		);
		wp_add_privacy_policy_content( 'Handrail', wp_kses_post( wpautop( implode( "\n\n", $lines ) ) ) );
	}

	/**
	 * Events of a person, oldest first.
	 *
	 * @param string $email  Whose.
	 * @param int    $limit  How many.
	 * @param int    $offset How many to leave out.
	 * @return object[]
	 */
	private static function rows( string $email, int $limit, int $offset ): array {
		global $wpdb;
		$login = self::login( $email );
		Schema::ensure();
		return '' === $login ? array() : $wpdb->get_results(
			$wpdb->prepare( 'SELECT * FROM %i WHERE actor = %s ORDER BY id LIMIT %d OFFSET %d', Schema::events(), $login, $limit, $offset )
		);
	}

	/**
	 * The login name that belongs to an address; '' where there is none.
	 *
	 * @param string $email Any.
	 */
	private static function login( string $email ): string {
		$user = get_user_by( 'email', $email );
		return $user ? $user->user_login : '';
	}
}
