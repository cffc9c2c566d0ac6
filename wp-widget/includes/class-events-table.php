<?php
/**
 * The tab with the events: what waits, what was told, and what could not be told, with a way to try again.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

if ( ! class_exists( \WP_List_Table::class ) ) {
	require_once ABSPATH . 'wp-admin/includes/class-wp-list-table.php';
}

/**
 * WordPress' own table.
 */
final class Events_Table extends \WP_List_Table {

	private const PER_PAGE = 50;

	/**
	 * Which events are shown: dead, waiting or sent.
	 *
	 * @var string
	 */
	private string $state;

	/** An empty table. */
	public function __construct() {
		parent::__construct( array( 'singular' => 'event', 'plural' => 'events', 'ajax' => false ) );
		$state       = isset( $_GET['state'] ) ? sanitize_key( wp_unslash( $_GET['state'] ) ) : ''; // phpcs:ignore -- chooses what is shown; changes nothing.
		$this->state = in_array( $state, array( 'waiting', 'sent' ), true ) ? $state : 'dead';
	}

	/** Carry out what was chosen, before anything is shown. */
	public static function act(): void {
		$act = isset( $_POST['action'] ) ? sanitize_key( wp_unslash( $_POST['action'] ) ) : ''; // phpcs:ignore -- the nonce is checked below.
		if ( ! in_array( $act, array( 'retry', 'retry_all', 'drop' ), true ) ) {
			return;
		}
		if ( ! current_user_can( 'manage_options' ) ) {
			wp_die( esc_html__( 'You may not do this.', 'handrail' ), '', array( 'response' => 403 ) );
		}
		check_admin_referer( 'bulk-events' );
		$ids   = array_map( 'absint', (array) wp_unslash( $_POST['event'] ?? array() ) );
		$count = 'drop' === $act ? Queue::drop( $ids ) : Queue::revive( 'retry_all' === $act ? null : $ids );
		if ( 'drop' !== $act && $count ) {
			Sender::wake();
		}
		wp_safe_redirect( add_query_arg( 'done', $count, Admin::url( 'events' ) ) );
		exit;
	}

	/** The tab. */
	public static function show(): void {
		$table = new self();
		$table->prepare_items();
		if ( isset( $_GET['done'] ) ) { // phpcs:ignore -- a number to show; changes nothing.
			/* translators: %d: how many events. */
			echo '<div class="notice notice-success"><p>' . esc_html( sprintf( __( 'Done: %d events.', 'handrail' ), absint( $_GET['done'] ) ) ) . '</p></div>'; // phpcs:ignore -- as above.
		}
		$table->views();
		echo '<form method="post" action="' . esc_url( Admin::url( 'events' ) ) . '">';
		$table->display();
		echo '</form>';
	}

	/** Fill it. */
	public function prepare_items(): void {
		$counts                = Queue::counts();
		$this->_column_headers = array( $this->get_columns(), array(), array() );
		$this->items           = Queue::page( $this->state, self::PER_PAGE, ( $this->get_pagenum() - 1 ) * self::PER_PAGE );
		$this->set_pagination_args( array( 'total_items' => $counts[ $this->state ], 'per_page' => self::PER_PAGE ) );
	}

	/** What it shows of each. */
	public function get_columns(): array {
		$box = 'dead' === $this->state ? array( 'cb' => '<input type="checkbox">' ) : array();
		return $box + array(
			'event'    => __( 'Event', 'handrail' ),
			'subject'  => __( 'About', 'handrail' ),
			'actor'    => __( 'By', 'handrail' ),
			'occurred' => __( 'When', 'handrail' ),
			'attempts' => __( 'Attempts', 'handrail' ),
			'reason'   => __( 'Reason', 'handrail' ),
		);
	}

	/** In words, that there is none. */
	public function no_items(): void {
		esc_html_e( 'There are none.', 'handrail' );
	}

	/** What can be done with those that are chosen. */
	protected function get_bulk_actions(): array {
		return 'dead' !== $this->state ? array() : array(
			'retry'     => __( 'Try again', 'handrail' ),
			'retry_all' => __( 'Try all again', 'handrail' ),
			'drop'      => __( 'Forget', 'handrail' ),
		);
	}

	/** Links to the three states. */
	protected function get_views(): array {
		$counts = Queue::counts();
		$names  = array( 'dead' => __( 'Could not be told', 'handrail' ), 'waiting' => __( 'Waiting', 'handrail' ), 'sent' => __( 'Told', 'handrail' ) );
		$views  = array();
		foreach ( $names as $state => $name ) {
			$url             = add_query_arg( 'state', $state, Admin::url( 'events' ) );
			$now             = $state === $this->state ? ' class="current" aria-current="page"' : '';
			$views[ $state ] = '<a href="' . esc_url( $url ) . '"' . $now . '>' . esc_html( $name ) . ' <span class="count">(' . esc_html( number_format_i18n( $counts[ $state ] ) ) . ')</span></a>';
		}
		return $views;
	}

	/**
	 * The box in front.
	 *
	 * @param object $item An event.
	 */
	protected function column_cb( $item ): string {
		/* translators: %s: what the event is about, such as page:42. */
		$label = sprintf( __( 'Choose %s', 'handrail' ), $item->subject );
		return '<input type="checkbox" name="event[]" value="' . esc_attr( $item->id ) . '" aria-label="' . esc_attr( $label ) . '">';
	}

	/**
	 * What it is about, with a link to where it can be changed.
	 *
	 * @param object $item An event.
	 */
	protected function column_subject( $item ): string {
		list( $type, $id ) = explode( ':', $item->subject );
		$url               = post_type_exists( $type ) ? get_edit_post_link( (int) $id ) : '';
		$title             = $url ? get_the_title( (int) $id ) : '';
		$name              = '' === $title ? $item->subject : "$title ($item->subject)";
		return $url ? '<a href="' . esc_url( $url ) . '">' . esc_html( $name ) . '</a>' : esc_html( $name );
	}

	/**
	 * When it happened.
	 *
	 * @param object $item An event.
	 */
	protected function column_occurred( $item ): string {
		return esc_html( wp_date( 'Y-m-d H:i:s', (int) $item->occurred_at ) );
	}

	/**
	 * All else.
	 *
	 * @param object $item An event.
	 * @param string $name The column.
	 */
	protected function column_default( $item, $name ): string {
		return esc_html( (string) $item->$name );
	}
}
