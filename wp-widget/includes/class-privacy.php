<?php
/**
 * Personal data: what this plugin keeps of a person, how it is exported and erased, and words for the privacy policy.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Here lie only login names beside events. Conversations and tickets lie with Handrail, which is asked for them.
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
	 * The events that a person caused here, and what Handrail keeps of them: conversations and tickets.
	 *
	 * @param string $email Whose.
	 * @param int    $page  From 1.
	 * @return array{data: array<int, mixed>, done: bool}|\WP_Error
	 */
	public static function export( string $email, int $page = 1 ) {
		$rows = self::rows( $email, self::PAGE, ( $page - 1 ) * self::PAGE );
		$kept = self::ask( 'export', $email, $page );
		if ( is_wp_error( $kept ) ) {
			return $kept;
		}
		$data = array_merge( array_map( array( self::class, 'told' ), $rows ), array_map( array( self::class, 'kept' ), $kept['entries'] ?? array() ) );
		return array( 'data' => $data, 'done' => count( $rows ) < self::PAGE && $kept['done'] );
	}

	/**
	 * Take a person's name off the events, and have Handrail erase conversations and tickets.
	 *
	 * @param string $email Whose.
	 * @param int    $page  From 1.
	 * @return array{items_removed: int, items_retained: bool, messages: string[], done: bool}|\WP_Error
	 */
	public static function erase( string $email, int $page = 1 ) {
		global $wpdb;
		$kept = self::ask( 'erase', $email, $page );
		if ( is_wp_error( $kept ) ) {
			return $kept;
		}
		$login = self::login( $email );
		Schema::ensure();
		$count    = '' === $login ? 0 : (int) $wpdb->update( Schema::events(), array( 'actor' => '' ), array( 'actor' => $login ) );
		$receipt  = array_map( 'absint', $kept['receipt'] ?? array() );
		$messages = array_sum( $receipt ) ? array( self::line( $receipt ) ) : array();
		if ( $kept['done'] && Orders::are_told() ) {
			$messages[] = __( 'What Handrail knows of orders follows the shop: erase or anonymise them in WooCommerce.', 'handrail' );
		}
		return array(
			'items_removed'  => $count + array_sum( $receipt ),
			'items_retained' => false,
			'messages'       => $messages,
			'done'           => $kept['done'],
		);
	}

	/**
	 * Ask Handrail. While there is none, it keeps nothing; where it can't be asked, the request must not look done.
	 *
	 * @param string $what  export or erase.
	 * @param string $email Whose data.
	 * @param int    $page  From 1.
	 * @return array<string, mixed>|\WP_Error
	 */
	private static function ask( string $what, string $email, int $page ) {
		if ( '' === Settings::get( 'backend' ) ) {
			return array( 'done' => true );
		}
		$answer = Backend::ask( "/webhooks/wordpress/privacy/$what", array( 'event' => "privacy.$what", 'email' => $email, 'page' => $page ) );
		if ( 200 === $answer['status'] && is_bool( $answer['body']['done'] ?? null ) ) {
			return $answer['body'];
		}
		/* translators: %s: why. */
		return new \WP_Error( 'handrail_privacy', sprintf( __( 'Handrail could not be asked for its part: try again. %s', 'handrail' ), $answer['reason'] ) );
	}

	/**
	 * What was erased there, for the record of the request.
	 *
	 * @param array<string, int> $receipt How many of each.
	 */
	private static function line( array $receipt ): string {
		$of = static fn( string $name ): int => $receipt[ $name ] ?? 0;
		/* translators: 1: how many conversations, 2: messages, 3: tickets, 4: other cases that an address was taken off. */
		$line = __( 'Handrail erased %1$d conversations, %2$d messages and %3$d tickets, and took the address off %4$d other cases.', 'handrail' );
		return sprintf( $line, $of( 'threads' ), $of( 'messages' ), $of( 'tickets' ), $of( 'addresses' ) );
	}

	/**
	 * An event, as WordPress exports things.
	 *
	 * @param object $row Of the queue.
	 * @return array<string, mixed>
	 */
	private static function told( object $row ): array {
		return array(
			'group_id'    => 'handrail-events',
			'group_label' => __( 'Changes told to Handrail', 'handrail' ),
			'item_id'     => 'handrail-event-' . $row->id,
			'data'        => array(
				array( 'name' => __( 'Login name', 'handrail' ), 'value' => $row->actor ),
				array( 'name' => __( 'Event', 'handrail' ), 'value' => $row->event . ' ' . $row->subject ),
				array( 'name' => __( 'Time', 'handrail' ), 'value' => gmdate( 'c', (int) $row->occurred_at ) ),
			),
		);
	}

	/**
	 * A message or a ticket, as WordPress exports things.
	 *
	 * @param array<string, mixed> $entry As Handrail says it.
	 * @return array<string, mixed>
	 */
	private static function kept( array $entry ): array {
		$names = array(
			'conversation' => __( 'Conversation', 'handrail' ),
			'by'           => __( 'Said by', 'handrail' ),
			'text'         => __( 'Text', 'handrail' ),
			'feedback'     => __( 'Feedback', 'handrail' ),
			'number'       => __( 'Number', 'handrail' ),
			'status'       => __( 'Status', 'handrail' ),
			'email'        => __( 'E-mail address', 'handrail' ),
			'subject'      => __( 'Subject', 'handrail' ),
		);
		$data  = array( array( 'name' => __( 'Time', 'handrail' ), 'value' => $entry['at'] ) );
		foreach ( $entry['facts'] as $name => $value ) {
			$data[] = array( 'name' => $names[ $name ] ?? $name, 'value' => nl2br( esc_html( $value ) ) );
		}
		$is_ticket = 'ticket' === $entry['kind'];
		return array(
			'group_id'    => $is_ticket ? 'handrail-tickets' : 'handrail-messages',
			'group_label' => $is_ticket ? __( 'Support tickets', 'handrail' ) : __( 'Support chat', 'handrail' ),
			'item_id'     => 'handrail-' . $entry['kind'] . '-' . $entry['id'],
			'data'        => $data,
		);
	}

	/** Words for the site's privacy policy. */
	public static function suggest_policy(): void {
		$lines = array(
			__( 'Our support chat is answered by an AI system that reads the public pages of this site, and by our staff.', 'handrail' ),
			__( 'What you write in the chat is sent to our support system and kept there. If you are logged in and open the chat, it is told your e-mail address, so that it can find your orders. It keeps a key to your conversation in your browser (local storage), and nothing before you open the chat.', 'handrail' ),
			__( 'Orders (number, state, items, shipping and e-mail address) are sent to the support system so that it can answer questions about them.', 'handrail' ),
			__( 'What you wrote and the tickets that came of it are part of what we export or erase when you ask us to.', 'handrail' ),
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
